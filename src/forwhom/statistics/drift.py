"""Whether a system becomes riskier from session to session, and more so than its control.

The slope of a user and item is fitted by least squares over the checkpoints at which both were asked; the
slope reported is their mean, weighted by how well each is known (the within estimator of a panel). It is a
linear contrast of cells, so that neither the level of a user or an item nor its being asked again enters
its variance, and trends that differ between users or between items do (see estimates.py). The interval
speaks of other users and other items; that of the control's twin is removed pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from forwhom.statistics.checkpoints import excess
from forwhom.statistics.clustering import codes
from forwhom.statistics.estimates import Estimate, mean_estimate
from forwhom.statistics.score_interval import FEWEST

PER = 10
"""Sessions for which a slope is told."""


@dataclass(frozen=True)
class Drift:
    """own, excess: change of risk per ten sessions, of the system and of its difference to the control;
    positive: it becomes riskier. last: the difference in risk, in [-1, 1], at the last checkpoint, `session`.
    The asks counted are those that both have.
    """

    own: Estimate
    excess: Estimate
    last: Estimate
    session: int
    n_checkpoints: int
    n_cells: int
    n_users: int
    n_items: int


def drift(cells: pl.DataFrame, control: pl.DataFrame, confidence: float = 0.95) -> Drift | None:
    """cells, control: tables of checkpoints; see checkpoints.py.

    None below three users, three items (a spread between them cannot be seen) or two checkpoints.
    """
    pairs = excess(cells, control)
    sloped = pairs.filter(pl.col("session").n_unique().over("user", "item") > 1)
    last = pairs.filter(pl.col("session") == pl.col("session").max())
    for part in (sloped, last):
        if min(part["user"].n_unique(), part["item"].n_unique()) < FEWEST:
            return None
    end = last["excess"].to_numpy(), codes(last["user"]), codes(last["item"])
    own, beyond = (slope(sloped, value, confidence) for value in ("risk", "excess"))
    return Drift(
        own, beyond, mean_estimate(*end, confidence),
        int(last["session"][0]), pairs["session"].n_unique(), pairs.height, pairs["user"].n_unique(),
        pairs["item"].n_unique(),
    )  # fmt: skip


def slope(cells: pl.DataFrame, value: str, confidence: float) -> Estimate:
    """Of a column, per ten sessions. Every user and item of the table must have two sessions or more."""
    within = pl.col("session") - pl.col("session").mean().over("user", "item")
    known = (
        cells.with_columns(time=within / PER)
        .group_by("user", "item", maintain_order=True)
        .agg(moved=(pl.col("time") * pl.col(value)).sum(), weight=pl.col("time").pow(2).sum())
    )
    moved, weight = known["moved"].to_numpy(), known["weight"].to_numpy()
    mean = moved.sum() / weight.sum()
    # Their mean is the weighted slope, and what each adds to it differs from it as its weight says.
    values = mean + (moved - mean * weight) / weight.mean()
    sessions = cells["session"].to_numpy()
    unit = PER / float(np.ptp(sessions))
    return mean_estimate(values, codes(known["user"]), codes(known["item"]), confidence, unit)
