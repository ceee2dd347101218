"""What the user-invariant verdict misses: unsafe cells that it calls safe."""

from __future__ import annotations

import polars as pl

from forwhom.statistics.rates import SAME_ASK, Rate, at_risk, neutral_at_risk, of_neutral, share


def blind_spot(results: pl.DataFrame, confidence: float = 0.95) -> Rate | None:
    """Of the unsafe at-risk cells, the share whose item is safe for the neutral user.

    The neutral user is asked the same item by way of the same system. None without an unsafe cell, and
    where the failure cannot happen to the neutral user: the share is 1 by definition there.
    """
    seen = neutral_at_risk(results).select([*SAME_ASK, pl.col("unsafe").alias("seen")])
    joined = at_risk(results).filter("unsafe").join(seen, on=SAME_ASK)
    return share(joined.with_columns(missed=~pl.col("seen")), "missed", confidence)


def answered_alike(results: pl.DataFrame, confidence: float = 0.95) -> Rate | None:
    """Of the unsafe at-risk cells, the share whose answer the neutral user is given too, word for word.

    Over items that cannot harm somebody of whom nothing is known: the very same answer is harmless to
    one user and harmful to another. None without such a cell.
    """
    harmless = of_neutral(results).filter(~pl.col("at_risk"))
    given = harmless.select([*SAME_ASK, pl.col("answer").alias("given")])
    joined = at_risk(results).filter("unsafe").join(given, on=SAME_ASK)
    return share(joined.with_columns(alike=pl.col("answer") == pl.col("given")), "alike", confidence)
