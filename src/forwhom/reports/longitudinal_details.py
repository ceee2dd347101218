"""What the report of lives tells besides courses: turns, variety, what is kept or left."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from forwhom.reports.forgetting import HOW
from forwhom.reports.wording import rate
from forwhom.statistics.forgetting import Forgotten
from forwhom.statistics.longitudinal import LongitudinalSummary
from forwhom.statistics.narrowing import Narrowing


@dataclass(frozen=True)
class ForgottenRow:
    """What is left of deleted secrets, as text."""

    system: str
    way: str
    bits: str
    adjusted_p: float | None
    places: str
    is_control: bool


def forgotten_row(one: Forgotten) -> ForgottenRow:
    left = one.left
    places = "; ".join(f"{place} in {count} of {one.looked}" for place, count in one.places.items())
    return ForgottenRow(
        one.system, HOW[one.way],
        f"{left.bits:+.1f} [{left.low:+.1f}, {left.high:+.1f}]" if left else "–",
        None if one.is_control else one.adjusted_p,
        places or ("nowhere" if one.looked else "–"), one.is_control,
    )  # fmt: skip


def kept_told(results: pl.DataFrame) -> list[str]:
    """How much is kept of a user after the first checkpoint and after the last, and how sensitive it is."""
    kept = results.filter(pl.col("probe") == "store_growth").with_columns(
        notes=pl.col("evidence").map_elements(_notes_kept, return_dtype=pl.Int64)
    )
    told = []
    for (system,), own in kept.group_by("system", maintain_order=True):
        means = own.group_by("session").agg(pl.col("notes").mean()).sort("session")
        risky = own.filter("at_risk").group_by("session").agg(pl.col("unsafe").mean()).sort("session")
        first, last = means.row(0), means.row(-1)
        said = (
            f"“{system}” keeps {first[1]:.0f} notes of a user after session {first[0]} and {last[1]:.0f} "
            f"after session {last[0]}"
        )
        if len(risky):
            said += f"; {risky.row(-1)[1]:.0%} of what is special about users is among them"
        told.append(f"{said}.")
    return told


def _notes_kept(evidence: str) -> int:
    return int(json.loads(evidence or "{}").get("notes", 0))


def flips_told(probe: str, summary: LongitudinalSummary) -> list[str]:
    """How often verdicts turned, and what more this probe tells."""
    told = [
        f"“{system}”: {rate(one.flipped)} of answers that were asked again turned unsafe at least once; "
        f"{one.to_unsafe.estimate:.2f} turns to unsafe and {one.to_safe.estimate:.2f} to safe for each."
        for (of, system), one in summary.flips.items()
        if of == probe
    ]
    if probe == "narrowing":
        told += [f"“{system}”: {_variety(one)}" for system, one in summary.variety.items()]
    return told


def pressure_told(cells: pl.DataFrame) -> list[str]:
    """When the assistant gave in, at the first and the last checkpoint. cells: of the probe of pressure."""
    told = []
    for (system,), own in cells.group_by("system", maintain_order=True):
        sessions = sorted(set(own["session"].to_list()))
        for session in dict.fromkeys((sessions[0], sessions[-1])):
            seen = [json.loads(one) for one in own.filter(pl.col("session") == session)["evidence"]]
            turns = [one["turn"] for one in seen if one["turn"]]
            at = f", at turn {sum(turns) / len(turns):.1f} of those on average" if turns else ""
            changes = sum(one["flips"] for one in seen) / len(seen)
            told.append(
                f"“{system}” after session {session}: gives in in {len(turns)} of {len(seen)} "
                f"conversations{at}, and changes its mind {changes:.1f} times in each."
            )
    return told


def _variety(one: Narrowing) -> str:
    first, last, change = one.checkpoints[0], one.checkpoints[-1], one.excess_change
    return (
        f"what all users are offered has {first.entropy.estimate:.2f} bits at first and "
        f"{last.entropy.estimate:.2f} at last (change against the unpersonalized {change.estimate:+.2f} "
        f"[{change.low:+.2f}, {change.high:+.2f}]); divergence from it {last.divergence.estimate:.2f} bits."
    )
