"""What a study would cost and could see, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from forwhom.probes.scenario import Event
from forwhom.statistics import foresight
from forwhom.statistics.foresight import foresee
from forwhom.studies.composition_plan import PlannedComposition, plan_composition
from forwhom.studies.design import Cell
from forwhom.studies.prepared import Prepared

_SECONDS_SCORED = 0.075  # a scored cell of the embedded model on two cores, measured
_SECONDS_WRITTEN = 0.25  # a written answer of 40 tokens, measured
_SECONDS_CELL = 0.01  # Inspect's own cost of a sample, measured


class PlannedRow(BaseModel):
    """One probe under one system.

    half_width: of the interval of an unsafe rate of one half. smallest: the difference of that rate
    against another system on the same cells that is found with a power of 80 %. None without cells at risk
    (and where there is no control to differ from); what is assumed stands in statistics/foresight.py.
    """

    model_config = ConfigDict(frozen=True)
    system: str
    probe: str
    cells: int
    at_risk: int
    users: int
    half_width: float | None
    smallest: float | None


class Plan(BaseModel):
    """calls: after sharing identical asks. tokens, tokens_out (those of them that are written): a rough
    estimate. minutes: of the embedded model.

    fits: trainings of users' weights, were none of them kept from an earlier run. together: what a study of
    factors can tell of layers together.
    """

    model_config = ConfigDict(frozen=True)
    rows: list[PlannedRow]
    cells: int
    calls: int
    fits: int
    tokens: int
    tokens_out: int
    minutes: float | None
    skipped: list[dict[str, str]]
    note: str
    together: PlannedComposition | None = None

    def cost(self, dollars_in: float, dollars_out: float) -> float:
        """In dollars, at prices for a million tokens read and written."""
        return ((self.tokens - self.tokens_out) * dollars_in + self.tokens_out * dollars_out) / 1e6


def plan_study(prepared: Prepared) -> Plan:
    """Count what `prepared` would ask; no model is called."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    asked: set[tuple[str, ...]] = set()
    calls, tokens, written, seconds = 0, 0, 0, _SECONDS_CELL * len(prepared.cells)
    fits = fits_of(prepared.cells)
    seconds += sum(fits.values())
    for cell in prepared.cells:
        groups.setdefault((cell.system.name, cell.probe.id), []).append(cell)
        # A system that is told nothing, and the neutral user, read the same text: asked once, shared.
        told = cell.system.is_personalized and not cell.user.is_neutral
        call = (
            cell.system.model, cell.system.instructions, cell.system.name if told else "",
            cell.user.id if told else "", cell.script.model_dump_json(include={"events"}),
        )  # fmt: skip
        if call in asked:
            continue
        asked.add(call)
        words = sum(len(event.text.split()) for event in cell.script.events)
        profile = sum(len(a.statement.split()) for a in cell.user.attributes) if told else 0
        for ask in (event for event in cell.script.events if event.kind == "ask"):
            # The embedded model scores all options at once; others choose a letter, in as many orders.
            calls += 1 if cell.system.model.startswith("forwhom/") else max(1, len(ask.options))
            longest = prepared.study.max_tokens * (not ask.options)
            tokens += int(1.4 * (words + profile)) + 20 + longest
            written += longest or 1
            seconds += _SECONDS_SCORED if ask.options else _SECONDS_WRITTEN
    embedded = all(cell.system.model.startswith("forwhom/") for cell in prepared.cells)
    systems = list({cell.system.name: cell.system for cell in prepared.cells}.values())
    controls = {system.name: system.control(systems) for system in systems}
    risky = {key: {(c.user.id, c.item) for c in cells if c.script.at_risk and not c.user.is_neutral}
             for key, cells in groups.items()}  # fmt: skip
    # Those that will be compared: their control is asked some of the same.
    paired = {(system, probe) for (system, probe), asked in risky.items()
              if asked & risky.get((controls[system], probe), set())}  # fmt: skip
    compared = len(paired)
    return Plan(
        rows=[_row(system, probe, cells, prepared.study.confidence, compared * ((system, probe) in paired))
              for (system, probe), cells in groups.items()],
        cells=len(prepared.cells),
        calls=calls,
        fits=len(fits),
        tokens=tokens,
        tokens_out=written,
        minutes=seconds / 60 if embedded else None,
        skipped=list(prepared.skipped),
        note=f"Assumed: a rate of one half, where verdicts are least certain; a correlation of "
        f"{foresight.SAME_ITEM:g} between verdicts on one item and {foresight.SAME_USER:g} between one "
        f"user's; at least {foresight.CHANGED:.0%} of verdicts that differ between two systems; {compared} "
        f"comparisons, corrected together; a power of {foresight.POWER:.0%}.",
        together=plan_composition(prepared) if prepared.study.factors else None,
    )  # fmt: skip


def fits_of(cells: Sequence[Cell]) -> dict[tuple[str, ...], float]:
    """What has to be learned before the cells can be asked, and the seconds that each takes.

    A fit is of one user, what happened before the session of an ask, and the layers up to its own that change
    the weights: scripts and systems that agree in that share it.
    """
    fits: dict[tuple[str, ...], float] = {}
    for cell in cells:
        chain: list[str] = []
        for layer in (one for one in cell.system.layers if "weights" in one.stages):
            chain.append(f"{layer.name} {layer.model_dump_json()}")
            for learned in _learned(cell.script.events):
                if learned or not cell.user.is_neutral:
                    key = (cell.system.model, *chain, cell.user.id, *cell.script.hidden, *learned)
                    fits[key] = layer.fit_seconds
    return fits


def _learned(events: Sequence[Event]) -> Iterator[list[str]]:
    """For every ask, and every look at the weights: what there is to learn from by then."""
    for place, ask in enumerate(events):
        if ask.kind not in ("ask", "observe"):
            continue
        before = events[:place]
        last = max((at for at, one in enumerate(before) if one.kind == "new_session"), default=0)
        yield [
            one.model_dump_json()
            for at, one in enumerate(before)
            if (at < last and one.kind != "ask") or one.kind in ("edit_profile", "forget")
        ]


def _row(system: str, probe: str, cells: list[Cell], confidence: float, compared: int) -> PlannedRow:
    asked = [cell for cell in cells if not cell.user.is_neutral]
    exposed = [cell for cell in asked if cell.script.at_risk]
    seen = None
    if exposed:
        users, items = (
            np.unique(names, return_inverse=True)[1].astype(np.intp)
            for names in ([cell.user.id for cell in exposed], [cell.item for cell in exposed])
        )
        seen = foresee(users, items, confidence, compared)
    return PlannedRow(
        system=system, probe=probe, cells=len(cells), at_risk=len(exposed),
        users=len({cell.user.id for cell in asked}),
        half_width=seen.half_width if seen else None,
        smallest=seen.smallest if seen and compared else None,
    )  # fmt: skip
