"""Wilson's score interval and test for a rate over cells in which users and items recur.

The interval holds every rate p that the data do not reject: |observed - p| <= t * sqrt(V(p)) with

    V(p) = p(1-p) * (1/n + user_load * r_user(p) + item_load * r_item(p)),

r(p) the correlation of two cells of one user (item). Wilson (1927) is the case without recurrence. A
correlation is not the same at every rate: where it is caused by differences on the logit scale its odds
grow with p(1-p), r / (1 - r) = k * p(1-p), so k is estimated at the observed rate and kept. Few failures
say little of k; it is therefore averaged with a moderate value that weighs as much as two failures.

Without a failure nothing rules out that whole items (or users) fail together and were missed: cells count
as one a cluster, and the bound is the exact one of so many clusters (Clopper and Pearson, 1934). Every
failure that was seen halves the weight of that worst case in V. The same holds where all but few failed.
The degrees of freedom of t are those of `clustering`. How far the stated coverage is met is measured:
docs/calibration.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, sqrt

from scipy.optimize import brentq
from scipy.stats import t

from forwhom.statistics.clustering import (
    ClusteredMean,
    Floats,
    Ints,
    clustered_mean,
    degrees_of_freedom,
)

_PRIOR = 0.5  # k of a spread of about 0.7 between users or items on the logit scale
_PRIOR_FAILURES = 2.0
_TINY = 1e-12
FEWEST = 3
"""Users, and items, below which nothing is claimed of others."""


@dataclass(frozen=True)
class RateScore:
    """What the interval and the test of one rate need; see `rate_score`."""

    moments: ClusteredMean
    together: float  # the weight, 1 to 0, of whole clusters failing together
    k_user: float
    k_item: float
    df: float

    def variance(self, p: float) -> float:
        """Of the observed rate if the true one were p."""
        spread = p * (1 - p)
        user, item = self.k_user * spread, self.k_item * spread
        m = self.moments
        apart = 1 / m.n_cells + m.user_load * user / (1 + user) + m.item_load * item / (1 + item)
        return spread * (self.together / m.clusters + (1 - self.together) * apart)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Both bounds; they always hold the observed rate."""
        observed = self.moments.mean
        beyond_all = ((1 - confidence) / 2) ** (1 / self.moments.clusters)
        if observed <= _TINY:
            return 0.0, 1 - beyond_all
        if observed >= 1 - _TINY:
            return beyond_all, 1.0
        quantile = float(t.ppf(0.5 + confidence / 2, self.df))

        def beyond(p: float) -> float:
            return (observed - p) ** 2 - quantile**2 * self.variance(p)

        # The variance is 0 at 0 and at 1, which is no root that is meant.
        return (float(brentq(beyond, _TINY, observed, xtol=1e-9)),
                float(brentq(beyond, observed, 1 - _TINY, xtol=1e-9)))  # fmt: skip

    def p_above(self, threshold: float) -> float:
        """Two-sided p of the true rate being `threshold`, or 1 where the observed one is not above.

        1 below three users or three items, too: of others nothing is known.
        """
        excess = self.moments.mean - threshold
        if excess <= 0 or min(self.moments.n_users, self.moments.n_items) < FEWEST:
            return 1.0
        if self.moments.mean >= 1 - _TINY:
            return float(min(1.0, 2 * threshold**self.moments.clusters))
        error = sqrt(self.variance(threshold))
        return min(1.0, 2 * float(t.sf(excess / error, self.df))) if error > 0 else 0.0


def rate_score(values: Floats, users: Ints, items: Ints) -> RateScore:
    """values: 0 to 1, shape (n,); users, items: codes of shape (n,). n must be at least 1."""
    m = clustered_mean(values, users, items)
    spread = m.mean * (1 - m.mean)
    if spread <= _TINY or m.clusters < 1 + 1e-9:
        # Nothing varied, or all cells are one user's or one item's: of others nothing is known.
        return RateScore(m, 1.0, 0.0, 0.0, inf)
    fewer = m.n_cells * min(m.mean, 1 - m.mean)
    k_user, k_item = (
        (fewer * _odds(added, spread * load) / spread + _PRIOR_FAILURES * _PRIOR) / (fewer + _PRIOR_FAILURES)
        for added, load in ((m.from_users, m.user_load), (m.from_items, m.item_load))
    )
    score = RateScore(m, 2.0**-fewer, k_user, k_item, 1.0)
    added = 1 - spread / m.n_cells / score.variance(m.mean)
    return replace(score, df=degrees_of_freedom(added, m.n_cells, m.clusters))


def _odds(part: float, whole: float) -> float:
    share = min(part / whole, 0.98) if whole > 1e-15 else 0.0
    return share / (1 - share)
