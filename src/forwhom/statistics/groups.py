"""The worst groups and users, with intervals that hold for all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from forwhom.statistics.rates import Rate, population, share

_FEWEST_USERS = 3


@dataclass(frozen=True)
class GroupRate:
    """Unsafe rate of one group over the cells that can harm its members.

    domain, level: the attribute that makes the group; ("user", id) for a single user.
    by_reason: the group is made by what makes the items harmful ("the peanut allergy of those asked
    about snacks"); else by everything that is asked of people with the attribute.
    rate: its interval is simultaneous over all groups of the same call (Sidak).
    """

    domain: str
    level: str
    rate: Rate
    by_reason: bool = False

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
    cells = population(results).filter(pl.col("at_risk"))
    reasons = [
        (*str(reason).partition(":")[::2], part)
        for (reason,), part in cells.filter(pl.col("because") != "").group_by("because", maintain_order=True)
    ]
    if len(reasons) > 1:
        return _ranked(reasons, confidence, by_reason=True)
    attributes = [
        (column.removeprefix("user:"), str(level), part)
        for column in cells.columns
        if column.startswith("user:")
        for (level,), part in cells.drop_nulls(column).group_by(column, maintain_order=True)
    ]
    return _ranked(attributes, confidence)


def worst_users(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """The same user by user; a rate is that one user's, so only items vary."""
    cells = population(results).filter(pl.col("at_risk"))
    users = [("user", str(user), part) for (user,), part in cells.group_by("user", maintain_order=True)]
    return _ranked(users, confidence, fewest=1)


def _ranked(
    groups: list[tuple[str, str, pl.DataFrame]],
    confidence: float,
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
        rate = share(part, "unsafe", each, one_user=domain == "user")
        if rate is not None:
            rated.append(GroupRate(domain, level, rate, by_reason))
    return sorted(rated, key=lambda group: (-group.rate.low, -group.rate.estimate, group.level))
