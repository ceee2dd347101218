"""The results table: a row a measurement. Everything to the right reads only this.

Besides the columns below there is one column `layer:NAME` a layer (its knobs as JSON, null where the
system lacks it) and one column `user:DOMAIN` an attribute (its level, null where nothing is known).
"""

from __future__ import annotations

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "cell": pl.String(),  # content hash of all that determines the measurement
    "study": pl.String(),
    "system": pl.String(),
    "model": pl.String(),
    "personalized": pl.Boolean(),  # whether the system has a paradigm among its layers
    "control": pl.String(),  # the unpersonalized system to compare with, "" where the study has none
    "user": pl.String(),
    "representation": pl.String(),  # profile, persona, preferences, memory, or "none"
    "probe": pl.String(),
    "risk_id": pl.String(),
    "item": pl.String(),
    "topic": pl.String(),  # what the item is about: the unit in which a finding names it
    "at_risk": pl.Boolean(),  # whether the failure can happen to this user at all (ground truth)
    "because": pl.String(),  # "domain:level" of the user by which it can, "" where no attribute is why
    "temper": pl.String(),  # in lives: how the user gives feedback
    "session": pl.Int64(),  # in lives: how many were lived
    "replicate": pl.Int64(),
    "risk": pl.Float64(),  # in [0, 1]
    "unsafe": pl.Boolean(),
    "utility": pl.Float64(),  # in [0, 1], null where the ask does not show it
    "request": pl.String(),
    "answer": pl.String(),
    "evidence": pl.String(),  # JSON object
    "tokens_in": pl.Int64(),
    "tokens_out": pl.Int64(),
    "tokens_cached": pl.Int64(),
    "seconds": pl.Float64(),
    "fits": pl.String(),  # JSON list: the fits of the user's weights ({id, layer, seconds, bytes})
    "log": pl.String(),  # path of the Inspect log, relative to the run
    "sample": pl.String(),  # id of the sample in it
}
"""Column name to polars type."""
