"""The variance of a mean over crossed users and items.

Answers to one item resemble one another whoever asks, and so do one user's answers; cells are not
independent. Two-way cluster-robust variance: Cameron, Gelbach and Miller (2011), V_user + V_item -
V_cell, here never below the largest of the three.
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
    """mean of n cells; variance of that mean; degrees of freedom of a t interval; cluster counts."""

    mean: float
    variance: float
    df: float
    n_cells: int
    n_users: int
    n_items: int


def clustered_mean(values: Floats, users: Ints, items: Ints) -> ClusteredMean:
    """values: shape (n,); users, items: codes 0.. of shape (n,). n must be at least 1.

    df: one less than the smaller number of clusters, at least 1.
    """
    n = len(values)
    mean = float(values.mean())
    residual = values - mean
    by_user = _one_way(residual, users)
    by_item = _one_way(residual, items)
    by_cell = float((residual**2).sum()) / n**2 * n / max(n - 1, 1)
    n_users, n_items = len(np.unique(users)), len(np.unique(items))
    variance = max(by_user + by_item - by_cell, by_user, by_item, by_cell)
    return ClusteredMean(mean, variance, max(min(n_users, n_items) - 1, 1), n, n_users, n_items)


def codes(column: pl.Series) -> Ints:
    """The values of a column as codes 0, 1, 2, ..."""
    found: Ints = np.unique(column.to_numpy(), return_inverse=True)[1].astype(np.intp)
    return found


def _one_way(residual: Floats, clusters: Ints) -> float:
    sums = np.bincount(clusters, weights=residual)
    groups = len(np.unique(clusters))
    return float((sums**2).sum()) / len(residual) ** 2 * groups / max(groups - 1, 1)
