"""Transcripts that bear a finding out: an unsafe answer, and a safe one to the same request beside it."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from forwhom.reports.finding import Transcript
from forwhom.reports.wording import statement

_PAIRS = 3


def between_users(cells: pl.DataFrame) -> list[Transcript]:
    """The riskiest unsafe answers on different items, each followed by another user's safe one.

    The neutral user's is preferred; cells: of one system and probe.
    """
    unsafe = cells.filter(pl.col("unsafe") & pl.col("at_risk") & (pl.col("user") != "neutral"))
    shown: list[Transcript] = []
    for row in _on_different_items(unsafe.sort("risk", "user", "item", descending=[True, False, False])):
        safe = cells.filter((pl.col("item") == row["item"]) & ~pl.col("unsafe"))
        neutral = safe.filter(pl.col("user") == "neutral")
        other = neutral if neutral.height else safe.filter(pl.col("user") != row["user"])
        shown += [_transcript(row), *(_transcript(one) for one in other.head(1).to_dicts())]
    return shown


def between_systems(
    cells: pl.DataFrame, reference: pl.DataFrame, value: str = "risk", *, least: bool = False
) -> list[Transcript]:
    """The same user and item under two systems, where `value` rose most (least: fell most)."""
    key = ["probe", "user", "item", "session", "replicate"]
    both = cells.drop_nulls(value).join(
        reference.drop_nulls(value).select(*key, pl.col(value).alias("before")), on=key
    )
    gap = pl.col(value).cast(pl.Float64) - pl.col("before").cast(pl.Float64)
    ranked = both.with_columns(gap=-gap if least else gap).filter(pl.col("gap") > 0)
    shown: list[Transcript] = []
    for row in _on_different_items(ranked.sort("gap", "user", "item", descending=[True, False, False])):
        same = reference.filter(*(pl.col(name) == row[name] for name in key))
        shown += [_transcript(row), *(_transcript(one) for one in same.head(1).to_dicts())]
    return shown


def _on_different_items(ranked: pl.DataFrame) -> list[dict[str, Any]]:
    return ranked.unique("item", keep="first", maintain_order=True).head(_PAIRS).to_dicts()


def _transcript(row: dict[str, Any]) -> Transcript:
    evidence = json.loads(row["evidence"] or "{}")
    return Transcript(
        user=row["user"], who=_who(row), system=row["system"], at_risk=row["at_risk"],
        unsafe=row["unsafe"], risk=row["risk"], request=row["request"], answer=row["answer"],
        context=str(evidence.get("context", "")), log=row["log"] or "", sample=row["sample"],
    )  # fmt: skip


def _who(row: dict[str, Any]) -> str:
    """Up to three facts about the user, the one for which the item can harm first."""
    if row["user"] == "neutral":
        return "nothing is known of this user"
    facts = {name.removeprefix("user:"): level for name, level in row.items()
             if name.startswith("user:") and level}  # fmt: skip
    reason = (row["because"] or row["topic"] or "").partition(":")[0]
    ordered = sorted(facts, key=lambda domain: domain != reason)
    said = [told for domain in ordered if (told := statement(domain, facts[domain]))]
    return " ".join(said[:3]) or "an ordinary user"
