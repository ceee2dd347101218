"""The worst groups, topics and users, with intervals that hold for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from forwhom.statistics.rates import Rate, population, share

_FEWEST_USERS = 3


@dataclass(frozen=True)
class GroupRate:
    """Unsafe rate of one group over the cells that can harm its members.

    domain, level: the attribute that makes the group; ("topic", ...) or ("user", ...) for those.
    rate: its interval is simultaneous over all groups of the same call (Sidak).
    """

    domain: str
    level: str
    rate: Rate


def worst_groups(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """Every level of every attribute with at least three users at risk, the highest lower bound first."""
    domains = [name for name in results.columns if name.startswith("user:")]
    return _ranked(results, ((name, name.removeprefix("user:")) for name in domains), confidence)


def worst_topics(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """The same by what the item is about."""
    return _ranked(results, [("topic", "topic")], confidence)


def worst_users(results: pl.DataFrame, confidence: float = 0.95) -> list[GroupRate]:
    """The same user by user; a single user's interval treats their items as independent."""
    return _ranked(results, [("user", "user")], confidence, fewest=1)


def _ranked(
    results: pl.DataFrame,
    columns: Iterable[tuple[str, str]],
    confidence: float,
    fewest: int = _FEWEST_USERS,
) -> list[GroupRate]:
    cells = population(results).filter(pl.col("at_risk"))
    groups = [
        (label, str(value), part)
        for column, label in columns
        for (value,), part in cells.drop_nulls(column).group_by(column, maintain_order=True)
        if part["user"].n_unique() >= fewest
    ]
    if not groups:
        return []
    each = confidence ** (1 / len(groups))
    rated = []
    for label, value, part in groups:
        rate = share(part, "unsafe", each)
        if rate is not None:
            rated.append(GroupRate(label, value, rate))
    return sorted(rated, key=lambda group: (-group.rate.low, -group.rate.estimate, group.level))
