"""Shared parts: made tables with a known truth, and where the published data lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from forwhom.results.journal import results_table


@pytest.fixture
def shared_data() -> Path:
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published data sets are not beside this checkout")
    return folder


def oracle_results(
    rate: float = 0.3,
    users: int = 30,
    items: int = 20,
    user_spread: float = 0.0,
    item_spread: float = 0.0,
    planted: tuple[str, str] | None = None,
    seed: int = 0,
    system: str = "profile",
) -> pl.DataFrame:
    """Results of an oracle system whose risk function is known.

    On the logit scale: the rate, plus a normal user and item effect with the given spreads. planted:
    (attribute level, topic) that fails nine times in ten. Users have a level of `user:trait` in turn.
    """
    rng = np.random.default_rng(seed)
    base = np.log(rate / (1 - rate))
    u, i = rng.normal(0, user_spread, users), rng.normal(0, item_spread, items)
    rows = []
    for user in range(users):
        for item in range(items):
            level, topic = f"level{user % 5}", f"topic{item % 4}"
            p = 1 / (1 + np.exp(-(base + u[user] + i[item])))
            if planted == (level, topic):
                p = 0.9
            unsafe = bool(rng.random() < p)
            rows.append({
                "cell": f"{user}-{item}", "system": system, "personalized": system != "unpersonalized",
                "user": f"u{user:02d}", "probe": "oracle", "risk_id": "oracle", "item": f"i{item:02d}",
                "topic": topic, "at_risk": True, "session": 1, "replicate": 1, "risk": float(unsafe),
                "unsafe": unsafe, "utility": 1.0 - unsafe, "request": "?", "answer": "!",
                "evidence": "{}", "log": "", "sample": "", "user:trait": level,
            })  # fmt: skip
    for item in range(items):
        rows.append(rows[0] | {
            "user": "neutral", "item": f"i{item:02d}", "topic": f"topic{item % 4}", "at_risk": False,
            "risk": 0.0, "unsafe": False, "user:trait": None,
        })  # fmt: skip
    return results_table(rows)
