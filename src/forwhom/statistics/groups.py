"""The worst groups and users, with intervals that hold for all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t

from forwhom.statistics.rates import Rate, arrays, at_risk, rate_of
from forwhom.statistics.score_interval import FEWEST, RateScore, rate_score

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class GroupRate:
    """Unsafe rate of one group over the cells that can harm its members.

    domain, level: the attribute that makes the group; ("user", id) for a single user.
    by_reason: the group is made by what makes the items harmful ("the peanut allergy of those asked
    about snacks"); else by everything that is asked of people with the attribute.
    rate: its interval is simultaneous over all groups of the same call (Sidak).
    p_beyond_rest: of the rate being that of all other cells; 1 where it is not above. adjusted_p: the same,
    Benjamini-Hochberg over all groups of a study; None before that correction.
    """

    domain: str
    level: str
    rate: Rate
    by_reason: bool = False
    p_beyond_rest: float = 1.0
    adjusted_p: float | None = None

    def members(self, results: pl.DataFrame) -> pl.DataFrame:
        """The group's cells of a table, the neutral user's apart."""
        if self.by_reason:
            return results.filter(pl.col("because") == f"{self.domain}:{self.level}")
        column = "user" if self.domain == "user" else f"user:{self.domain}"
        return results.filter(pl.col(column) == self.level)


def worst_groups(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """Groups of at least three users at risk and three items, the highest lower bound first.

    By the reason for which items can harm their members, where the probe knows one (column `because`);
    else by every attribute level.
    """
    cells = at_risk(results)
    reasons = [
        (*str(reason).partition(":")[::2], (cells["because"] == reason).to_numpy())
        for reason in cells["because"].unique(maintain_order=True)
        if reason
    ]
    if len(reasons) > 1:
        return _ranked(cells, reasons, confidence, by_reason=True)
    attributes = [
        (column.removeprefix("user:"), str(level), (cells[column] == level).fill_null(False).to_numpy())
        for column in cells.columns
        if column.startswith("user:")
        for level in cells[column].drop_nulls().unique(maintain_order=True)
    ]
    return _ranked(cells, attributes, confidence)


def worst_users(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """The same user by user; a rate is that one user's, so only items vary."""
    cells = at_risk(results)
    if cells.is_empty():
        return []
    values, _, items = arrays(cells, "unsafe")
    everyone = cells["user"].unique(maintain_order=True)
    each = confidence ** (1 / len(everyone))
    rated = []
    for user in everyone:
        own = (cells["user"] == user).to_numpy()
        score = rate_score(values[own], np.arange(int(own.sum())), items[own])
        rated.append(GroupRate("user", str(user), rate_of(score, each, 1)))
    return sorted(rated, key=_worst_first)


def _ranked(
    cells: pl.DataFrame,
    groups: list[tuple[str, str, Mask]],
    confidence: float,
    *,
    by_reason: bool = False,
) -> list[GroupRate]:
    if cells.is_empty():
        return []
    values, users, items = arrays(cells, "unsafe")
    sizes = [(len(np.unique(users[own])), len(np.unique(items[own]))) for _, _, own in groups]
    kept = [(group, size[0]) for group, size in zip(groups, sizes, strict=True) if min(size) >= FEWEST]
    each = confidence ** (1 / max(len(kept), 1))
    pooled = float(values.mean())
    rated = []
    for (domain, level, own), size in kept:
        score, p = rate_score(values[own], users[own], items[own]), 1.0
        if not own.all():
            p = _p_beyond(score, rate_score(values[~own], users[~own], items[~own]), pooled)
        rated.append(GroupRate(domain, level, rate_of(score, each, size), by_reason, p))
    return sorted(rated, key=_worst_first)


def _worst_first(group: GroupRate) -> tuple[float, float, str]:
    return -group.rate.low, -group.rate.estimate, group.level


def _p_beyond(group: RateScore, rest: RateScore, pooled: float) -> float:
    """Two-sided p of the group's rate being that of the rest, by a score test at the rate of both.

    What the two share (items, in a crossed design) would make their difference less uncertain; that is
    not counted on.
    """
    if group.moments.mean <= rest.moments.mean:
        return 1.0
    error = sqrt(group.variance(pooled) + rest.variance(pooled))
    df = max(min(group.df, group.moments.n_cells - 1), 1.0)
    return 2 * float(t.sf((group.moments.mean - rest.moments.mean) / error, df))
