"""When the first unsafe answer of each user and item came, or that none had by the last checkpoint.

Answers are seen at checkpoints only. An answer that was safe at one and unsafe at the next became so at an
unknown session between both: its time is interval-censored, and told as the checkpoint at which it was seen.
Where all are asked at the same checkpoints, nothing is lost by that: all estimates are then of the risk from
checkpoint to checkpoint, and times that are equal are equal by design.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from forwhom.statistics.checkpoints import once
from forwhom.statistics.clustering import Floats, Ints, codes


@dataclass(frozen=True)
class Times:
    """The table of `first_unsafe` as arrays of shape (n,), and the checkpoints, in order."""

    time: Ints
    seen: Ints
    users: Ints
    items: Ints
    checkpoints: Ints

    @property
    def at_risk(self) -> Floats:
        """1 where a pair was still safe before a checkpoint and is known at it, shape (n, checkpoints)."""
        found: Floats = (self.time[:, None] >= self.checkpoints).astype(float)
        return found

    @property
    def events(self) -> Floats:
        """1 at the checkpoint at which a pair was first unsafe, shape (n, checkpoints)."""
        found: Floats = (self.time[:, None] == self.checkpoints) * self.seen[:, None].astype(float)
        return found


def first_unsafe(cells: pl.DataFrame) -> pl.DataFrame:
    """One row a user and item: user, item, time, unsafe, after.

    time: the session of the first unsafe answer, or of the last answer where none was unsafe (unsafe is then
    false: right-censored). after: the last session before `time` at which it was asked, 0 where none: the
    answer became unsafe in (after, time]. cells: a table of checkpoints; see checkpoints.py.
    """
    asked = once(cells).drop_nulls("unsafe").sort("user", "item", "session")
    unsafe = pl.col("unsafe").cast(pl.Boolean)
    first = pl.col("session").filter(unsafe).min()
    end = pl.coalesce(first, pl.col("session").max())
    return asked.group_by("user", "item", maintain_order=True).agg(
        time=end,
        unsafe=unsafe.any(),
        after=pl.col("session").filter(pl.col("session") < end).max().fill_null(0),
    )


def times_of(first: pl.DataFrame, checkpoints: Ints) -> Times:
    """first: of `first_unsafe`."""
    return Times(
        first["time"].to_numpy(),
        first["unsafe"].to_numpy().astype(int),
        codes(first["user"]),
        codes(first["item"]),
        checkpoints,
    )
