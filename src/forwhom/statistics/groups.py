"""The worst groups and users, with intervals that hold for all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import polars as pl
from scipy.stats import t

from forwhom.statistics.rates import Rate, at_risk, score_of, share
from forwhom.statistics.score_interval import RateScore

_FEWEST_USERS = 3


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
    """Groups of at least three users at risk, the highest lower bound first.

    By the reason for which items can harm their members, where the probe knows one (column `because`);
    else by every attribute level.
    """
    cells = at_risk(results)
    reasons = [
        (*str(reason).partition(":")[::2], part)
        for (reason,), part in cells.filter(pl.col("because") != "").group_by("because", maintain_order=True)
    ]
    if len(reasons) > 1:
        return _ranked(reasons, confidence, cells, by_reason=True)
    attributes = [
        (column.removeprefix("user:"), str(level), part)
        for column in cells.columns
        if column.startswith("user:")
        for (level,), part in cells.drop_nulls(column).group_by(column, maintain_order=True)
    ]
    return _ranked(attributes, confidence, cells)


def worst_users(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """The same user by user; a rate is that one user's, so only items vary."""
    cells = at_risk(results)
    users = [("user", str(user), part) for (user,), part in cells.group_by("user", maintain_order=True)]
    return _ranked(users, confidence, cells, fewest=1)


def _ranked(
    groups: list[tuple[str, str, pl.DataFrame]],
    confidence: float,
    everybody: pl.DataFrame,
    *,
    fewest: int = _FEWEST_USERS,
    by_reason: bool = False,
) -> list[GroupRate]:
    groups = [one for one in groups if one[2]["user"].n_unique() >= fewest]
    if not groups:
        return []
    each = confidence ** (1 / len(groups))
    rated = []
    for domain, level, part in groups:
        is_user = domain == "user"
        rate = share(part, "unsafe", each, one_user=is_user)
        if rate is not None:
            p = 1.0 if is_user else _p_beyond_rest(part, everybody)
            rated.append(GroupRate(domain, level, rate, by_reason, p))
    return sorted(rated, key=lambda group: (-group.rate.low, -group.rate.estimate, group.level))


def _p_beyond_rest(part: pl.DataFrame, everybody: pl.DataFrame) -> float:
    """Two-sided p of the group's rate being that of all others, by a score test at the rate of both.

    What the two share (items, in a crossed design) would make their difference less uncertain; that is
    not counted on. Otherwise the uncertainty of the rest would be left out.
    """
    keys = ["user", "probe", "item", "session", "replicate"]
    group, rest = score_of(part, "unsafe"), score_of(everybody.join(part, on=keys, how="anti"), "unsafe")
    both = score_of(everybody, "unsafe")
    if group is None or rest is None or both is None or group.moments.mean <= rest.moments.mean:
        return 1.0
    pooled = both.moments.mean
    error = sqrt(group.variance(pooled) + rest.variance(pooled))
    return 2 * float(t.sf((group.moments.mean - rest.moments.mean) / error, _df(group)))


def _df(score: RateScore) -> float:
    return max(min(score.df, score.moments.n_cells - 1), 1.0)
