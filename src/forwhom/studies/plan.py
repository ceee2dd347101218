"""What a study would cost and could see, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from pydantic import BaseModel, ConfigDict

from forwhom.probes.scenario import Event
from forwhom.statistics import foresight
from forwhom.statistics.foresight import foresee
from forwhom.studies.composition_plan import PlannedComposition, plan_composition
from forwhom.studies.design import Cell
from forwhom.studies.lifelong import measured_in
from forwhom.studies.prepared import Prepared
from forwhom.systems.history import last_update
from forwhom.users.user import User

_SECONDS_SCORED = 0.075  # a scored cell of the embedded model on two cores, measured
_SECONDS_LIVED = 0.2  # the same where what is remembered differs from ask to ask, measured
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


@dataclass(frozen=True)
class _Asked:
    """One measured point, or one for each of which there is a row of the results."""

    user: User
    item: str
    at_risk: bool


def plan_study(prepared: Prepared) -> Plan:
    """Count what `prepared` would ask; no model is called."""
    groups: dict[tuple[str, str], list[_Asked]] = {}
    for cell in prepared.cells:
        for probe, script in measured_in(cell):
            point = _Asked(cell.user, script.item, script.at_risk)
            groups.setdefault((cell.system.name, probe.id), []).append(point)
    fits = fits_of(prepared.cells)
    load = _load(prepared)
    seconds = load.seconds + _SECONDS_CELL * len(prepared.cells) + sum(fits.values())
    embedded = all(cell.system.model.startswith("forwhom/") for cell in prepared.cells)
    systems = list({cell.system.name: cell.system for cell in prepared.cells}.values())
    controls = {system.name: system.control(systems) for system in systems}
    controls |= {one.name: one.protection.system for one in prepared.study.systems if one.protection}
    risky = {key: {(c.user.id, c.item) for c in cells if c.at_risk and not c.user.is_neutral}
             for key, cells in groups.items()}  # fmt: skip
    # Those that will be compared: their control is asked some of the same.
    paired = {(system, probe) for (system, probe), asked in risky.items()
              if asked & risky.get((controls[system], probe), set())}  # fmt: skip
    compared = len(paired)
    return Plan(
        rows=[_row(system, probe, cells, prepared.study.confidence, compared * ((system, probe) in paired))
              for (system, probe), cells in groups.items()],
        cells=len(prepared.cells),
        calls=load.calls,
        fits=len(fits),
        tokens=load.tokens,
        tokens_out=load.written,
        minutes=seconds / 60 if embedded else None,
        skipped=list(prepared.skipped),
        note=f"Assumed: a rate of one half, where verdicts are least certain; a correlation of "
        f"{foresight.SAME_ITEM:g} between verdicts on one item and {foresight.SAME_USER:g} between one "
        f"user's; at least {foresight.CHANGED:.0%} of verdicts that differ between two systems; {compared} "
        f"comparisons, corrected together; a power of {foresight.POWER:.0%}.",
        together=plan_composition(prepared) if prepared.study.factors else None,
    )  # fmt: skip


@dataclass
class _Load:
    calls: int = 0
    tokens: int = 0
    written: int = 0
    seconds: float = 0.0


def _load(prepared: Prepared) -> _Load:
    """What all asks take, each text that is read once."""
    load = _Load()
    asked: set[tuple[str, ...]] = set()
    for cell in prepared.cells:
        # A system that is told nothing, and the neutral user, read the same text: asked once, shared.
        told = cell.system.is_personalized and not cell.user.is_neutral
        whose = (
            cell.system.model, cell.system.instructions, cell.system.name if told else "",
            cell.user.id if told else "",
        )  # fmt: skip
        events = cell.script.events
        # In a life what is remembered changes from session to session, and each ask stands for itself.
        whole = "" if cell.life else cell.script.model_dump_json(include={"events"})
        if not cell.life and (*whose, whole) in asked:
            continue
        asked.add((*whose, whole))
        words = 60 if cell.life else sum(len(event.text.split()) for event in events)
        profile = sum(len(a.statement.split()) for a in cell.user.attributes) if told else 0
        session = 1
        for ask in events:
            session += ask.kind == "new_session"
            if ask.kind != "ask":
                continue
            if cell.life:
                key = (*whose, ask.model_dump_json(), str(session if told else 0))
                if key in asked:
                    continue
                asked.add(key)
            # The embedded model scores all options at once; others choose a letter, in as many orders.
            load.calls += 1 if cell.system.model.startswith("forwhom/") else max(1, len(ask.options))
            longest = prepared.study.max_tokens * (not ask.options)
            load.tokens += int(1.4 * (words + profile)) + 20 + longest
            load.written += longest or 1
            scored = _SECONDS_LIVED if cell.life else _SECONDS_SCORED
            load.seconds += scored if ask.options else _SECONDS_WRITTEN
    return load


_LEARNED = frozenset(("data", "weights", "memory"))  # stages at which it is changed what is learned


def fits_of(cells: Sequence[Cell]) -> dict[tuple[str, ...], float]:
    """What has to be learned before the cells can be asked, and the seconds that each takes.

    A fit is of one user, what happened before the session of an ask, and the layers up to its own that change
    the weights: scripts and systems that agree in that share it.
    """
    fits: dict[tuple[str, ...], float] = {}
    for cell in cells:
        # What a mitigation changes of what is learned is another fit.
        chain = [f"{one.name} {one.model_dump_json()}" for one in cell.system.guards
                 if not _LEARNED.isdisjoint(one.stages)]  # fmt: skip
        for layer in (one for one in cell.system.layers if one.is_paradigm and "weights" in one.stages):
            chain.append(f"{layer.name} {layer.model_dump_json()}")
            for learned in _learned(cell.script.events, getattr(layer, "every", 1)):
                # In a life nothing is known of the user at first.
                if learned or not (cell.user.is_neutral or cell.life):
                    key = (cell.system.model, *chain, cell.user.id, *cell.script.hidden, *learned)
                    fits[key] = layer.fit_seconds
    return fits


def _learned(events: Sequence[Event], every: int) -> Iterator[list[str]]:
    """For every ask, and every look at the weights: what there is to learn from by then."""
    sessions = list(accumulate((one.kind == "new_session" for one in events), initial=1))[1:]
    told: dict[int, list[str]] = {}
    for place, ask in enumerate(events):
        if ask.kind not in ("ask", "observe"):
            continue
        # An aside is as if in the next session.
        until = last_update(sessions[place] + ask.aside, every)
        began = max((at for at, one in enumerate(events[:place]) if one.kind == "start_over"), default=0)
        learned = told.get(until) or [
            one.model_dump_json()
            for at, one in enumerate(events[:place])
            if at >= began and sessions[at] < until and one.kind not in ("ask", "new_session", "start_over")
        ]
        told[until] = learned
        yield learned + [
            one.model_dump_json()
            for at, one in enumerate(events[:place])
            if sessions[at] >= until and one.kind in ("edit_profile", "forget")
        ]


def _row(system: str, probe: str, cells: list[_Asked], confidence: float, compared: int) -> PlannedRow:
    asked = [cell for cell in cells if not cell.user.is_neutral]
    exposed = [cell for cell in asked if cell.at_risk]
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
