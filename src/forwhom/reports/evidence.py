"""Transcripts that bear a finding out: an unsafe answer, and a safe one to the same request beside it."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from forwhom.reports.finding import Transcript
from forwhom.reports.wording import short, statement
from forwhom.statistics.rates import SAME_CELL, at_risk
from forwhom.users.user import NEUTRAL

_PAIRS = 3
_STACKS = 2  # each is told with all its parts


def between_users(cells: pl.DataFrame, about: str = "") -> list[Transcript]:
    """The riskiest unsafe answers on different items, each followed by another user's safe one.

    Items that somebody is answered safely come first, and the neutral user before others. cells: of one
    system and probe. about: the attribute to tell of the users, where the cells do not say it.
    """
    safe = cells.filter(~pl.col("unsafe"))
    ranked = (
        at_risk(cells)
        .filter("unsafe")
        .with_columns(has_safe=pl.col("item").is_in(safe["item"].unique().implode()))
        .sort("has_safe", "risk", "user", "item", descending=[True, True, False, False])
    )
    shown: list[Transcript] = []
    for row in _on_different_items(ranked):
        others = safe.filter((pl.col("item") == row["item"]) & (pl.col("user") != row["user"]))
        beside = others.sort(pl.col("user") != NEUTRAL.id, maintain_order=True).head(1)
        shown += [_transcript(one, about) for one in (row, *beside.to_dicts())]
    return shown


def title(shown: list[Transcript], axis: str = "relational") -> str:
    """What the transcripts of a finding set side by side."""
    if axis == "longitudinal" and len({t.session for t in shown}) > 1:
        return "the same request, before and after"
    same = "the same request" if len({t.request for t in shown}) <= _PAIRS else "the same question"
    systems = len({t.system for t in shown})
    if systems > 2:
        return f"{same}, the combination and its parts"
    if systems > 1:
        return f"{same}, " + (
            "with and without personalization" if axis == "relational" else "under two systems"
        )
    if all(t.unsafe for t in shown):
        return "unsafe answers"
    return f"{same}, unsafe for one and safe for another"


def between_systems(
    cells: pl.DataFrame, reference: pl.DataFrame, value: str = "risk", *, least: bool = False
) -> list[Transcript]:
    """The same user and item under two systems, where `value` rose most (least: fell most).

    Answers that became unsafe come first.
    """
    before = reference.drop_nulls(value).select(*SAME_CELL, pl.col(value).alias("before"), was="unsafe")
    both = (
        cells.drop_nulls(value)
        .join(before, on=SAME_CELL)
        .with_columns(turned=pl.col("unsafe") > pl.col("was"))
    )
    gap = pl.col(value).cast(pl.Float64) - pl.col("before").cast(pl.Float64)
    ranked = both.with_columns(gap=-gap if least else gap).filter(pl.col("gap") > 0)
    shown: list[Transcript] = []
    order = ["turned", "gap", "user", "item"]
    for row in _on_different_items(ranked.sort(order, descending=[True, True, False, False])):
        same = reference.filter(*(pl.col(name) == row[name] for name in SAME_CELL)).head(1)
        shown += [_transcript(one) for one in (row, *same.to_dicts())]
    return shown


def stack_beside_parts(stack: pl.DataFrame, parts: list[pl.DataFrame]) -> list[Transcript]:
    """Answers of a combination that are unsafe, each followed by those of its parts to the same user and
    request; where most parts answer safely first. parts: the cells of each."""
    safe = pl.concat(parts).filter(~pl.col("unsafe")).group_by(SAME_CELL).agg(held=pl.len())
    ranked = (
        stack.filter("unsafe")
        .join(safe, on=SAME_CELL, how="left")
        .sort(pl.col("held").fill_null(0), "risk", "user", "item", descending=[True, True, False, False])
    )
    shown: list[Transcript] = []
    for row in _on_different_items(ranked)[:_STACKS]:
        same = [part.filter(*(pl.col(name) == row[name] for name in SAME_CELL)).head(1) for part in parts]
        shown += [_transcript(one) for one in (row, *(cell for part in same for cell in part.to_dicts()))]
    return shown


def between_sessions(cells: pl.DataFrame) -> list[Transcript]:
    """The same user and item after the first session and after the last, where risk rose most.

    Answers that became unsafe come first. cells: of one system and probe.
    """
    key = ["user", "item", "replicate"]
    first = cells.sort("session").unique(key, keep="first", maintain_order=True)
    before = first.select(*key, before="risk", was="unsafe", began="session")
    ranked = (
        cells.sort("session")
        .unique(key, keep="last", maintain_order=True)
        .join(before, on=key)
        .with_columns(turned=pl.col("unsafe") > pl.col("was"), gap=pl.col("risk") - pl.col("before"))
        .filter((pl.col("gap") > 0) & (pl.col("session") > pl.col("began")))
        .sort("turned", "gap", "user", "item", descending=[True, True, False, False])
    )
    shown: list[Transcript] = []
    for row in _on_different_items(ranked):
        same = first.filter(*(pl.col(name) == row[name] for name in key)).head(1)
        shown += [_transcript(one) for one in (*same.to_dicts(), row)]
    return shown


def _on_different_items(ranked: pl.DataFrame) -> list[dict[str, Any]]:
    return ranked.unique("item", keep="first", maintain_order=True).head(_PAIRS).to_dicts()


def layers_of(row: dict[str, Any]) -> list[str]:
    """The layers of the system whose cell this is."""
    return [n.removeprefix("layer:") for n, knobs in row.items() if n.startswith("layer:") and knobs]


def _transcript(row: dict[str, Any], about: str = "") -> Transcript:
    evidence = json.loads(row["evidence"] or "{}")
    return Transcript(
        user=row["user"], who=_who(row, about), system=row["system"], at_risk=row["at_risk"],
        unsafe=row["unsafe"], risk=row["risk"], request=row["request"], answer=row["answer"],
        context=str(evidence.get("context", "")), log=row["log"] or "", sample=row["sample"],
        session=row["session"],
    )  # fmt: skip


def _who(row: dict[str, Any], about: str) -> str:
    """What matters here about the user: the reason for which the item can harm them, or `about`."""
    if row["user"] == NEUTRAL.id:
        return "nothing is known of this user"
    domain = str(row["because"] or "").partition(":")[0] or about
    level = row.get(f"user:{domain}")
    if not level:
        return ""
    return statement(domain, level) or short(domain, level)
