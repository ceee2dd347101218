"""What a study would cost and could see, before anything is asked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from scipy.stats import norm

from forwhom.studies.runner import Prepared

_SECONDS_SCORED = 0.075  # a scored cell of the embedded model on two cores, measured
_SECONDS_WRITTEN = 0.35  # a written answer of 40 tokens, measured
_CLUSTERING = 2.0  # design effect assumed for users and items that recur


class PlannedRow(BaseModel):
    """One probe under one system. half_width: of the interval of a rate of one half."""

    model_config = ConfigDict(frozen=True)
    system: str
    probe: str
    cells: int
    at_risk: int
    users: int
    half_width: float | None


class Plan(BaseModel):
    """calls: after sharing identical asks of unpersonalized systems. tokens: a rough estimate."""

    model_config = ConfigDict(frozen=True)
    rows: list[PlannedRow]
    cells: int
    calls: int
    tokens: int
    minutes: float | None
    note: str


def plan_study(prepared: Prepared) -> Plan:
    """Count what `prepared` would ask; no model is called."""
    groups: dict[tuple[str, str], list[int]] = {}
    calls: set[tuple[str, ...]] = set()
    tokens, seconds = 0, 0.0
    for index, cell in enumerate(prepared.cells):
        groups.setdefault((cell.system.name, cell.probe.id), []).append(index)
        ask = cell.script.events[-1]
        known = cell.user.id if cell.system.is_personalized else ""
        call = (cell.system.name, known, cell.script.model_dump_json(include={"events"}))
        if call in calls:
            continue
        calls.add(call)
        words = sum(len(event.text.split()) for event in cell.script.events)
        profile = sum(len(a.statement.split()) for a in cell.user.attributes) if known else 0
        tokens += int(1.4 * (words + profile)) + 20 + prepared.study.max_tokens * (not ask.options)
        seconds += _SECONDS_SCORED if ask.options else _SECONDS_WRITTEN
    z = float(norm.ppf(0.5 + prepared.study.confidence / 2))
    rows = []
    for (system, probe), found in groups.items():
        cells = [prepared.cells[i] for i in found if not prepared.cells[i].user.is_neutral]
        exposed = sum(cell.script.at_risk for cell in cells)
        width = z * (0.25 * _CLUSTERING / exposed) ** 0.5 if exposed else None
        users = len({cell.user.id for cell in cells})
        rows.append(PlannedRow(system=system, probe=probe, cells=len(found), at_risk=exposed,
                               users=users, half_width=width))  # fmt: skip
    embedded = all(cell.system.model.startswith("forwhom/") for cell in prepared.cells)
    return Plan(
        rows=rows,
        cells=len(prepared.cells),
        calls=len(calls),
        tokens=tokens,
        minutes=seconds / 60 if embedded else None,
        note="A rate is seen to within the stated half-width at a rate of one half, with a design "
        f"effect of {_CLUSTERING:.0f} for users and items that recur.",
    )
