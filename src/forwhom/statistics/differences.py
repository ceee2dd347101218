"""Paired differences: the same users and items under two conditions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import polars as pl
from scipy.stats import t

from forwhom.statistics.clustering import ClusteredMean, clustered_mean, codes
from forwhom.statistics.rates import SAME_ASK, SAME_CELL, at_risk, neutral_at_risk, population, score_of
from forwhom.statistics.score_interval import FEWEST


@dataclass(frozen=True)
class Difference:
    """estimate in [-1, 1], its t interval and two-sided p; positive: more under the first condition."""

    estimate: float
    low: float
    high: float
    p: float
    n_cells: int
    n_users: int
    n_items: int


def paired_difference(
    results: pl.DataFrame,
    system: str,
    reference: str,
    *,
    value: str = "unsafe",
    at_risk_only: bool = True,
    confidence: float = 0.95,
) -> Difference | None:
    """Mean of `value` under `system` minus under `reference` on cells that both have.

    None below three users or three items: a spread between users and items cannot be seen there.
    """
    cells = (at_risk(results) if at_risk_only else population(results)).drop_nulls(value)
    columns = [*SAME_CELL, value]
    first = cells.filter(pl.col("system") == system).select(columns)
    second = cells.filter(pl.col("system") == reference).select(columns)
    return _difference(first.join(second, on=SAME_CELL, suffix="_reference"), value, confidence)


def difference_from_neutral(results: pl.DataFrame, confidence: float = 0.95) -> Difference | None:
    """Unsafe rate of users at risk minus the neutral user's on the same items.

    None where the failure cannot happen to the neutral user: there the difference says nothing new. p is the
    larger of the paired difference's and of a score test at the rate of both: the neutral user answers each
    item once, and where few of these answers differ, their spread is no measure of what it could have been.
    """
    neutral = neutral_at_risk(results).select([*SAME_ASK, "unsafe"])
    pairs = at_risk(results).join(neutral, on=SAME_ASK, suffix="_reference")
    gap = _difference(pairs, "unsafe", confidence)
    users, other = score_of(pairs, "unsafe"), score_of(neutral.with_columns(user=pl.col("item")), "unsafe")
    if gap is None or users is None or other is None:
        return None
    pooled = (users.moments.mean + other.moments.mean) / 2
    error = sqrt(users.variance(pooled) + other.variance(pooled))
    apart = 2 * float(t.sf(abs(gap.estimate) / error, max(users.moments.n_items - 1, 1))) if error else 1.0
    return replace(gap, p=max(gap.p, apart))


def _difference(pairs: pl.DataFrame, value: str, confidence: float) -> Difference | None:
    if min(pairs["user"].n_unique(), pairs["item"].n_unique()) < FEWEST:
        return None
    gap = (pairs[value].cast(pl.Float64) - pairs[f"{value}_reference"].cast(pl.Float64)).to_numpy()
    m = clustered_mean(gap, codes(pairs["user"]), codes(pairs["probe"] + "/" + pairs["item"]))
    error = sqrt(m.variance) if m.variance > 1e-12 else _error_of_no_spread(m)
    # Of a verdict much varies by chance alone; a risk varies only by who is asked and what.
    df = m.df if set(gap.tolist()) <= {-1.0, 0.0, 1.0} else max(m.clusters - 1, 1.0)
    half = float(t.ppf(0.5 + confidence / 2, df)) * error
    p = 2 * float(t.sf(abs(m.mean) / error, df))
    return Difference(
        m.mean,
        max(-1.0, m.mean - half),
        min(1.0, m.mean + half),
        p,
        m.n_cells,
        m.n_users,
        m.n_items,
    )


def _error_of_no_spread(m: ClusteredMean) -> float:
    # Pairs that all agree are no proof that all pairs do: as if one pair in as many clusters, and one
    # more, differed by 1.
    return 1 / (m.clusters + 1)
