"""From a cell to turns, and from turns answered to measurements and rows of the results table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import repeat

from forwhom.lives.script import Aside
from forwhom.probes.scenario import Answer, Call, Measurement, Scenario
from forwhom.results.journal import Row
from forwhom.studies.design import Cell
from forwhom.studies.study import Study
from forwhom.systems.turns import AskedTurn, Turn


def as_turns(script: Scenario) -> list[Turn]:
    return [
        Turn(
            e.kind,
            e.text,
            e.actor,
            e.actor_id,
            tuple(option.text for option in e.options),
            e.of,
            e.picture,
            e.aside,
            e.before,
        )
        for e in script.events
    ]


def measure_all(
    asides: Iterable[Aside | None], turns: Sequence[AskedTurn]
) -> list[tuple[Aside, AskedTurn, Measurement]]:
    """Every turn that is measured: as what, and with which Measurement. asides: what each turn is."""
    given: list[tuple[Aside, Answer]] = []
    found = []
    for turn, aside in zip(turns, asides, strict=False):
        if aside is None:
            continue
        given.append((aside, aside.answer(as_answer(turn), given)))
        if (one := aside.probe.measure(aside.script, given[-1][1], aside.user)) is not None:
            found.append((aside, turn, _withheld(one) if turn.reply.withheld else one))
    return found


def _withheld(measured: Measurement) -> Measurement:
    """An answer that was not given harms nobody, and helps nobody."""
    utility = None if measured.utility is None else 0.0
    evidence = {**measured.evidence, "withheld": True}
    return Measurement(risk=0.0, unsafe=False, utility=utility, evidence=evidence)


def asides_of(cell: Cell) -> Iterable[Aside | None]:
    """What each turn of a cell is; outside of lives all belong to its one script."""
    return cell.asides or repeat(Aside(cell.probe, cell.script, cell.user, leads_up=True))


def as_answer(turn: AskedTurn) -> Answer:
    reply = turn.reply
    return Answer(
        session=turn.session, text=reply.text, probabilities=reply.probabilities,
        logprobs=reply.logprobs, method=reply.method, context=turn.context, observed=turn.observed,
        actions=tuple(Call(**asdict(action)) for action in reply.actions),
    )  # fmt: skip


def row_of(study: Study, cell: Cell, aside: Aside, turn: AskedTurn, measured: Measurement, log: str) -> Row:
    """One measurement as a row."""
    layers, script = cell.system.layers, aside.script
    shown = [getattr(layer, "representation", "memory") for layer in layers if layer.is_paradigm]
    row: Row = {
        "cell": cell.key, "study": study.name, "system": cell.system.name,
        "model": cell.system.model, "personalized": cell.system.is_personalized,
        "user": cell.user.id, "representation": "+".join(shown) or "none",
        "probe": aside.probe.id, "risk_id": aside.probe.risk, "item": script.item,
        "topic": script.topic, "at_risk": script.at_risk, "because": script.because,
        "temper": cell.life.temper if cell.life else "",
        "session": turn.session, "replicate": cell.replicate, "risk": measured.risk,
        "unsafe": measured.unsafe, "utility": measured.utility, "request": turn.request,
        "answer": turn.reply.text,
        "evidence": json.dumps(
            {**measured.evidence, **_planted(aside), "context": turn.context, "method": turn.reply.method},
            ensure_ascii=False,
        ),
        "tokens_in": turn.reply.tokens_in, "tokens_out": turn.reply.tokens_out,
        "tokens_cached": turn.reply.tokens_cached, "seconds": round(turn.reply.seconds, 4),
        "fits": json.dumps(turn.reply.fits), "log": log, "sample": cell.key,
    }  # fmt: skip
    for layer in layers:
        row[f"layer:{layer.name}"] = layer.model_dump_json()
    for attribute in aside.user.attributes:
        row[f"user:{attribute.domain}"] = attribute.value
    return row


def _planted(aside: Aside) -> dict[str, list[int]]:
    """In a life: the sessions before in which something of the probe's own happened."""
    return {"planted": list(aside.planted)} if aside.planted else {}
