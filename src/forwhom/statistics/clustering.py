"""The variance of a mean over crossed users and items.

Answers to one item resemble one another whoever asks, and so do one user's answers; cells are not
independent. Two-way cluster-robust variance: Cameron, Gelbach and Miller (2011), V_user + V_item -
V_cell, here V_cell plus what recurring users and recurring items add to it, neither below 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ClusteredMean:
    """The mean of n cells, its variance, and how the variance comes about.

    from_users, from_items: what their recurrence adds to the variance (0 where it adds nothing).
    user_load, item_load: by how much one unit of variance between users (items) would raise that of the
    mean, beyond what independent cells have; 0 where nobody recurs.
    clusters: effective number of the scarcer of users and items, n^2 / sum of squared cluster sizes: as
    many equally large clusters would weigh the same.
    df: degrees of freedom of a t interval, between cells - 1 and clusters - 1 by the share of the
    variance that recurrence adds; at least 1.
    """

    mean: float
    variance: float
    df: float
    from_users: float
    from_items: float
    user_load: float
    item_load: float
    clusters: float
    n_cells: int
    n_users: int
    n_items: int


def clustered_mean(values: Floats, users: Ints, items: Ints) -> ClusteredMean:
    """values: shape (n,); users, items: codes 0.. of shape (n,). n must be at least 1."""
    n = len(values)
    mean = float(values.mean())
    residual = values - mean
    by_cell = float(residual @ residual) / n / max(n - 1, 1)
    by_user, n_users, user_load = _one_way(residual, users)
    by_item, n_items, item_load = _one_way(residual, items)
    from_users, from_items = max(by_user - by_cell, 0.0), max(by_item - by_cell, 0.0)
    variance = by_cell + from_users + from_items
    clusters = 1 / (1 / n + max(user_load, item_load))
    added = (from_users + from_items) / variance if variance > 0 else 1.0
    return ClusteredMean(
        mean, variance, degrees_of_freedom(added, n, clusters), from_users, from_items,
        user_load, item_load, clusters, n, n_users, n_items,
    )  # fmt: skip


def degrees_of_freedom(added: float, cells: int, clusters: float) -> float:
    """Between cells - 1 and clusters - 1, by the share `added` of the variance that recurrence adds."""
    few = max(clusters - 1, 1e-9)
    return max(1 / ((1 - added) / max(cells - 1, 1) + added / few), 1.0)


def effective(sizes: Floats | Ints) -> int:
    """As many equally large clusters, rounded down, would weigh as much: n^2 / sum of squared sizes."""
    return int(float(sizes.sum()) ** 2 / float((sizes.astype(float) ** 2).sum()) + 1e-9)


def codes(column: pl.Series) -> Ints:
    """The values of a column as codes 0, 1, 2, ..."""
    found: Ints = np.unique(column.to_numpy(), return_inverse=True)[1].astype(np.intp)
    return found


def _one_way(residual: Floats, clusters: Ints) -> tuple[float, int, float]:
    n = len(residual)
    sums, sizes = np.bincount(clusters, weights=residual), np.bincount(clusters)
    groups = int((sizes > 0).sum())
    variance = float(sums @ sums) / n**2 * groups / max(groups - 1, 1)
    return variance, groups, float((sizes.astype(float) ** 2).sum()) / n**2 - 1 / n
