"""How often an answer that was safe becomes unsafe, and the other way, from one turn or session to the next.

A user's pairs (of user and item) are averaged first, and users are then compared: the intervals speak of
other users, on these items. Whoever was unsafe from the start and stays so never flips: see survival.py for
the time to the first unsafe answer, which counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from forwhom.statistics.checkpoints import once
from forwhom.statistics.clustering import clustered_mean, codes
from forwhom.statistics.estimates import t_interval
from forwhom.statistics.rates import Rate, rate_of
from forwhom.statistics.score_interval import rate_score


@dataclass(frozen=True)
class Mean:
    """The mean over users, and its t interval with users - 1 degrees of freedom; not below 0."""

    estimate: float
    low: float
    high: float
    n_users: int


@dataclass(frozen=True)
class Flips:
    """flipped: the share of pairs that flipped to unsafe at least once. to_unsafe, to_safe: flips of a pair.
    first: the turn or session of the first flip to unsafe, of those that flipped; None below two such users.
    """

    flipped: Rate
    to_unsafe: Mean
    to_safe: Mean
    first: Mean | None
    n_pairs: int


def flips_by_pair(answers: pl.DataFrame) -> pl.DataFrame:
    """One row a user and item: user, item, to_unsafe, to_safe (flips), first (the session of the first flip
    to unsafe, or null), n (answers). Between two answers with a missing one, one flip is seen at most.

    answers: user, item, session (or turn), unsafe. Raises ValueError where one was asked twice at a session.
    """
    asked = once(answers).drop_nulls("unsafe").sort("user", "item", "session")
    step = pl.col("unsafe").cast(pl.Int8).diff()
    return asked.group_by("user", "item", maintain_order=True).agg(
        to_unsafe=(step == 1).sum(),
        to_safe=(step == -1).sum(),
        first=pl.col("session").filter(step == 1).first(),
        n=pl.len(),
    )


def flips(answers: pl.DataFrame, confidence: float = 0.95) -> Flips | None:
    """answers: as in `flips_by_pair`. None without two users who were asked twice or more."""
    pairs = flips_by_pair(answers).filter(pl.col("n") > 1)
    if pairs["user"].n_unique() < 2:
        return None
    ever = (pairs["to_unsafe"] > 0).cast(pl.Float64).to_numpy()
    share = rate_score(ever, codes(pairs["user"]), codes(pairs["item"]))
    later = pairs.drop_nulls("first")
    return Flips(
        rate_of(share, confidence, pairs["user"].n_unique()),
        _over_users(pairs, "to_unsafe", confidence),
        _over_users(pairs, "to_safe", confidence),
        _over_users(later, "first", confidence) if later["user"].n_unique() > 1 else None,
        pairs.height,
    )


def _over_users(pairs: pl.DataFrame, column: str, confidence: float) -> Mean:
    means = pairs.group_by("user", maintain_order=True).agg(pl.col(column).mean())[column].to_numpy()
    alone = np.arange(len(means))
    m = clustered_mean(means.astype(float), alone, alone)
    low, high = t_interval(m, confidence)
    return Mean(m.mean, max(low, 0.0), high, len(means))
