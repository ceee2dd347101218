"""Tables of checkpoints: the same users and items asked again after further sessions.

A table has the columns user, item (str), session (int, from 1), risk (float, 0 to 1) and unsafe (bool), one
row an ask, of one system and one probe, and only where the item can harm the user. Rows may be missing.
"""

from __future__ import annotations

import polars as pl

ASK = ["user", "item", "session"]


def excess(cells: pl.DataFrame, control: pl.DataFrame, value: str = "risk") -> pl.DataFrame:
    """The asks that both have: user, item, session, value and excess, the value minus the control's.

    Raises ValueError where one was put twice at a session: average the replicates first.
    """
    ours, theirs = (once(one).drop_nulls(value).select([*ASK, value]) for one in (cells, control))
    gap = pl.col(value).cast(pl.Float64) - pl.col(f"{value}_control").cast(pl.Float64)
    return (
        ours.join(theirs, on=ASK, suffix="_control")
        .select(*ASK, pl.col(value).cast(pl.Float64), excess=gap)
        .sort(ASK)
    )


def once(cells: pl.DataFrame) -> pl.DataFrame:
    """The table itself. Raises ValueError where a user was asked an item twice at a session."""
    twice = cells.filter(pl.struct(ASK).is_duplicated())
    if twice.height:
        user, item, session = twice.select(ASK).row(0)
        raise ValueError(
            f"User {user!r} was asked item {item!r} more than once at session {session}; expected one row "
            "for each user, item and session. Average the replicates first."
        )
    return cells
