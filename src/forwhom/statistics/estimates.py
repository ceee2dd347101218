"""A mean of contrasts over crossed users and items: a t interval and a test against 0.

A contrast is what one user and item tell of the quantity: a slope over sessions, a difference between two
systems, or the influence of both on an estimate that is no mean. Its variance is that of `clustering`: what
a user's (item's) contrasts have in common counts, whatever happens within one of them from session to
session, so that the sessions may depend on each other in any way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.stats import t

from forwhom.statistics.clustering import ClusteredMean, Floats, Ints, clustered_mean, degrees_of_freedom

_TINY = 1e-12


@dataclass(frozen=True)
class Estimate:
    """The estimate, its interval, and its two-sided p against 0, not corrected for other comparisons."""

    estimate: float
    low: float
    high: float
    p: float


def mean_estimate(values: Floats, users: Ints, items: Ints, confidence: float, unit: float = 1.0) -> Estimate:
    """values: shape (n,), n at least 1; users, items: their codes. unit: the least contrast worth the name,
    which stands in for a spread that was not seen."""
    m = clustered_mean(values, users, items)
    low, high = t_interval(m, confidence, unit)
    return Estimate(m.mean, low, high, 2 * float(t.sf(abs(m.mean) / _error(m, unit), _df(m))))


def t_interval(m: ClusteredMean, confidence: float, unit: float = 1.0) -> tuple[float, float]:
    """Both bounds; `unit` as in `mean_estimate`."""
    half = float(t.ppf(0.5 + confidence / 2, _df(m))) * _error(m, unit)
    return m.mean - half, m.mean + half


def _error(m: ClusteredMean, unit: float) -> float:
    # Contrasts that are all the same are no proof that all others are: as if one in as many clusters, and
    # one more, differed by a unit.
    return sqrt(m.variance) if m.variance > _TINY * unit**2 else unit / (m.clusters + 1)


def _df(m: ClusteredMean) -> float:
    # Where few items (users) add to the variance, how much is itself badly known, and it is too small as
    # often as not: the root of that share lies between its face value and the worst case.
    added = (m.from_users + m.from_items) / m.variance if m.variance > 0 else 1.0
    return degrees_of_freedom(sqrt(added), m.n_cells, m.clusters)
