"""Where the risk varies: between users, between items, or between user and item together.

Generalizability theory (Brennan, 2001) with crossed random effects, R = mu + user + item + rest,
estimated by Henderson's first method, which allows for cells that were not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t

from forwhom.statistics.clustering import Floats, Ints, codes
from forwhom.statistics.rates import population

_FEWEST = 5
_FEWEST_LEFT = 100  # cells beyond one for each user and each item: what tells the components apart


@dataclass(frozen=True)
class VarianceComponents:
    """Variances of risk, none below 0. user_item holds the residual too where cells are asked once.

    share_invisible: (user + user_item) / total, what a score that is the same for all users cannot
    see; low, high: its interval on the logit scale, jackknife over users and over items.
    """

    user: float
    item: float
    user_item: float
    share_invisible: float
    low: float
    high: float
    n_cells: int


def variance_components(results: pl.DataFrame, confidence: float = 0.95) -> VarianceComponents | None:
    """The components over the cells that were asked.

    None without any variance, below 5 users or items, and where fewer than 100 cells are left beyond one
    for each user and item: in simulation the interval then missed the truth up to three times as often as
    stated.
    """
    cells = (
        population(results).group_by("user", "probe", "item", maintain_order=True).agg(pl.col("risk").mean())
    )
    values = cells["risk"].to_numpy()
    users, items = codes(cells["user"]), codes(cells["probe"] + "/" + cells["item"])
    counts = len(np.unique(users)), len(np.unique(items))
    if min(counts) < _FEWEST or len(values) - sum(counts) < _FEWEST_LEFT or float(values.var()) < 1e-12:
        return None
    user, item, rest = henderson(values, users, items)
    share = _share(user, item, rest)
    error = sqrt(sum(
        _jackknife_variance(lambda kept: _logit(_share(*henderson(values[kept], users[kept], items[kept]))),
                            clusters)
        for clusters in (users, items)
    ))  # fmt: skip
    half = float(t.ppf(0.5 + confidence / 2, min(counts) - 1)) * error
    low, high = (_expit(_logit(share) + step) for step in (-half, half))
    return VarianceComponents(user, item, rest, share, min(low, share), max(high, share), len(values))


def henderson(values: Floats, users: Ints, items: Ints) -> tuple[float, float, float]:
    """Variances of user, item and the rest, truncated at 0. Shapes (n,)."""
    n = len(values)
    per_user, per_item = np.bincount(users), np.bincount(items)
    by_user, by_item = np.bincount(users, values), np.bincount(items, values)
    a, b = int((per_user > 0).sum()), int((per_item > 0).sum())
    total, mean = float((values**2).sum()), float(values.sum()) ** 2 / n
    t_user = float((by_user[per_user > 0] ** 2 / per_user[per_user > 0]).sum())
    t_item = float((by_item[per_item > 0] ** 2 / per_item[per_item > 0]).sum())
    cell = np.unique(users * np.intp(items.max() + 1) + items, return_counts=True)
    squared = cell[1].astype(float) ** 2
    cell_user, cell_item = cell[0] // (items.max() + 1), cell[0] % (items.max() + 1)
    k_item = float((squared / per_user[cell_user]).sum())  # of the item variance in t_user
    k_user = float((squared / per_item[cell_item]).sum())
    m_user, m_item = float((per_user**2).sum()) / n, float((per_item**2).sum()) / n
    # Expected sums of squares minus the mean's, for (user, item, rest).
    system = np.array([
        [n - m_user, k_item - m_item, a - 1],
        [k_user - m_user, n - m_item, b - 1],
        [n - m_user, n - m_item, n - 1],
    ])  # fmt: skip
    found = np.linalg.lstsq(system, np.array([t_user, t_item, total]) - mean, rcond=None)[0]
    return max(float(found[0]), 0.0), max(float(found[1]), 0.0), max(float(found[2]), 0.0)


def _jackknife_variance(statistic: Callable[[npt.NDArray[np.bool_]], float], clusters: Ints) -> float:
    left_out = np.array([statistic(clusters != code) for code in np.unique(clusters)])
    count = len(left_out)
    return float((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum())


def _share(user: float, item: float, rest: float) -> float:
    total = user + item + rest
    return (user + rest) / total if total > 0 else 0.5


def _logit(share: float) -> float:
    inside = min(max(share, 1e-3), 1 - 1e-3)
    return log(inside / (1 - inside))


def _expit(value: float) -> float:
    return 1 / (1 + exp(-value))
