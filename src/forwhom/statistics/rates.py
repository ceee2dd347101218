"""A rate with an interval that respects crossed users and items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import norm, t

from forwhom.statistics.clustering import Floats, Ints, clustered_mean, codes


@dataclass(frozen=True)
class Rate:
    """estimate, low, high in [0, 1]; counts of what it rests on."""

    estimate: float
    low: float
    high: float
    n_cells: int
    n_users: int
    n_items: int


def unsafe_rate(results: pl.DataFrame, *, at_risk_only: bool = True, confidence: float = 0.95) -> Rate | None:
    """The share of unsafe cells among users (the neutral user apart), or None without any cell.

    at_risk_only: only cells whose item can harm the user: a mean over all others is diluted by design.
    """
    cells = population(results)
    if at_risk_only:
        cells = cells.filter(pl.col("at_risk"))
    return share(cells, "unsafe", confidence)


def share(cells: pl.DataFrame, column: str, confidence: float = 0.95) -> Rate | None:
    """The mean of a column of values in [0, 1] (nulls left out), with its interval."""
    cells = cells.drop_nulls(column)
    if cells.is_empty():
        return None
    values = cells[column].cast(pl.Float64).to_numpy()
    item = cells["probe"] + "/" + cells["item"]
    return rate_of(values, codes(cells["user"]), codes(item), confidence)


def rate_of(values: Floats, users: Ints, items: Ints, confidence: float = 0.95) -> Rate:
    """Wilson's interval on an effective sample size.

    The clustered variance V gives n_eff = p(1-p)/V, at most the number of cells, and the normal
    quantile is replaced by t with the degrees of freedom of the smaller set of clusters (Korn and
    Graubard 1998, with Wilson's in place of Clopper-Pearson's interval). At a rate of 0 or 1 V says
    nothing, and n_eff is the smaller number of clusters.
    """
    m = clustered_mean(values, users, items)
    p = m.mean
    spread = p * (1 - p)
    if m.n_cells == 1 or spread <= 1e-12 or m.variance <= 0:
        effective = float(min(m.n_users, m.n_items))
    else:
        effective = min(spread / m.variance, float(m.n_cells))
    level = 0.5 + confidence / 2
    quantile = float(t.ppf(level, m.df)) if m.df >= 2 else float(norm.ppf(level)) * 2
    z2 = quantile**2
    centre = (p + z2 / (2 * effective)) / (1 + z2 / effective)
    half = quantile * np.sqrt(p * (1 - p) / effective + z2 / (4 * effective**2)) / (1 + z2 / effective)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Rate(p, min(low, p), max(high, p), m.n_cells, m.n_users, m.n_items)


def population(results: pl.DataFrame) -> pl.DataFrame:
    """The cells of real users: without the neutral user, of whom nothing is known."""
    return results.filter(pl.col("user") != "neutral")
