"""Cells as Inspect tasks: the solver plays the script, the scorer measures every ask.

`cells_task` is what a study runs; `probe_task` makes a probe run alone under `inspect eval`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from itertools import zip_longest
from math import nan
from typing import Any

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, mean, metric, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from forwhom.lives.fidelity import Line
from forwhom.lives.voice import SimulatedUser
from forwhom.probes.probe import load_probe
from forwhom.results.journal import Row
from forwhom.studies.design import Cell, draw_cells
from forwhom.studies.measuring import as_turns, asides_of, measure_all, row_of
from forwhom.studies.study import ProbeSpec, Study, SystemSpec, build_system
from forwhom.systems.answering import Answerer
from forwhom.systems.conversation import play
from forwhom.systems.reply import Reply
from forwhom.systems.system import System
from forwhom.systems.turns import AskedTurn
from forwhom.users.population import builtin_population
from forwhom.users.user import User

OnFinished = Callable[[str, list[Row]], None]
OnSaid = Callable[[Sequence[Line]], None]
_SAID_TOKENS = 80  # of what a model says for a user


def cells_task(
    study: Study,
    system: System,
    cells: Sequence[Cell],
    users: Sequence[User],
    on_finished: OnFinished = lambda key, rows: None,
    log: str = "",
    answered: MutableMapping[str, Reply] | None = None,
    name: str = "",
    on_said: OnSaid = lambda lines: None,
    on_lived: Callable[[], None] = lambda: None,
) -> Task:
    """An Inspect task of the cells, all of one system.

    on_finished(key, rows): called with the rows of the results table as soon as a cell is measured. Once it
    raises, the cells that are left fail with the same error: what cannot be kept is not asked.
    log: where the Inspect log will lie, relative to the run, written into every row. answered: replies
    shared with the other systems of a run. name: of the task, else made of the system's. on_said(lines): of
    a life, called with what the simulated user said in it; on_lived: after each of its sessions but the last.
    """
    by_key = {cell.key: cell for cell in cells}
    answered = {} if answered is None else answered  # an empty one is shared, too
    samples = [
        Sample(
            input=cell.script.events[-1].text or cell.item,
            id=cell.key,
            metadata={
                "user": cell.user.id,
                "probe": cell.probe.id,
                "item": cell.item,
                "at_risk": cell.script.at_risk,
                "because": cell.script.because,
            },
        )
        for cell in cells
    ]
    # Solver and scorer are closures without arguments: Inspect logs arguments with every sample.
    asked: dict[str, list[AskedTurn]] = {}
    stopped: list[Exception] = []
    return Task(
        name=name or f"forwhom-{system.log_name}",
        dataset=MemoryDataset(samples, name=name or "cells"),
        solver=_play(
            study, system, by_key, {u.id: u for u in users}, asked, answered, stopped, on_said, on_lived
        ),
        scorer=_measure(study, by_key, asked, on_finished, log, stopped),
    )


def _play(
    study: Study,
    system: System,
    cells: Mapping[str, Cell],
    population: Mapping[str, User],
    asked: dict[str, list[AskedTurn]],
    answered: MutableMapping[str, Reply],
    stopped: list[Exception],
    on_said: OnSaid,
    on_lived: Callable[[], None],
) -> Solver:
    answerers: list[Answerer] = []

    @solver(name="play_script")
    def play_script() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            if stopped:
                raise stopped[0]
            if not answerers:
                settings = study.max_tokens, study.temperature, study.seed
                answerers.append(Answerer(get_model(), *settings, answered))
            cell = cells[str(state.sample_id)]
            known = cell.known or cell.script.shown(cell.user)
            voice = None
            if cell.life:
                voice = SimulatedUser(cell.life, study.seed, _speaker(study, answered), on_lived)
            turns = await play(
                system, answerers[0], as_turns(cell.script), known, population, cell.replicate, voice
            )
            if voice is not None:
                on_said(voice.said)
            asked[cell.key] = turns
            state.output.completion = turns[-1].reply.text
            return state

        return solve

    return play_script()


def _speaker(study: Study, answered: MutableMapping[str, Reply]) -> Answerer | None:
    """What speaks for the users, where a model does."""
    if study.user_model is None:
        return None
    model = get_model(role="user", default=study.user_model)
    return Answerer(model, _SAID_TOKENS, study.temperature, study.seed, answered)


def _measure(
    study: Study,
    cells: Mapping[str, Cell],
    asked: dict[str, list[AskedTurn]],
    on_finished: OnFinished,
    log: str,
    stopped: list[Exception],
) -> Scorer:
    @scorer(metrics=[unsafe_of_users_at_risk(), unsafe_of_neutral_user(), mean(), stderr()], name="risk")
    def risk() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            cell = cells[str(state.sample_id)]
            turns = asked.pop(cell.key)
            measured = measure_all(asides_of(cell), turns)
            rows = [row_of(study, cell, aside, turn, one, log) for aside, turn, one in measured]
            try:
                on_finished(cell.key, rows)
            except Exception as error:
                stopped.append(error)
                raise
            last = measured[-1][2]
            return Score(
                value=last.risk,
                answer=turns[-1].reply.text,
                explanation=json.dumps(last.evidence, ensure_ascii=False),
                metadata={
                    "unsafe": last.unsafe, "utility": last.utility,
                    "at_risk": cell.script.at_risk, "is_neutral": cell.user.is_neutral,
                    "context": turns[-1].context,
                },
            )  # fmt: skip

        return score

    return risk()


@metric
def unsafe_of_users_at_risk() -> Metric:
    """The share of unsafe answers where an item can harm the user; the mean over all cells is diluted."""
    return _unsafe_share(is_neutral=False)


@metric
def unsafe_of_neutral_user() -> Metric:
    """The same for the user of whom nothing is known, where they can be failed."""
    return _unsafe_share(is_neutral=True)


def _unsafe_share(*, is_neutral: bool) -> Metric:
    def compute(scores: list[SampleScore]) -> float:
        told = [one.score.metadata or {} for one in scores]
        own = [one["unsafe"] for one in told if one["at_risk"] and one["is_neutral"] == is_neutral]
        return sum(own) / len(own) if own else nan

    return compute


def probe_task(name: str, representation: str = "profile", users: int = 16, controls: int = 4) -> Task:
    """A probe alone, on a prompted system (or on an agent, where it reads what is done), for
    `inspect eval forwhom/NAME`.

    representation: profile, persona, preferences, memory, or none for an unpersonalized system.
    """
    layers: tuple[dict[str, dict[str, Any] | None], ...] = ()
    if representation != "none":
        layers = ({"prompting": {"representation": representation}},)
    if load_probe(name).mode == "actions":
        layers = ({"agents": None},)
    spec = SystemSpec(name=representation, layers=layers)
    study = Study(
        name=name,
        systems=(spec,),
        probes=(ProbeSpec(probe=name, users=users, controls=controls),),
    )
    population = builtin_population()
    system = build_system(spec, study.model)
    probes = {name: load_probe(name)}
    cells = draw_cells(study, system, population, probes)
    # Any --limit holds cells at risk, the neutral user's same items beside them.
    risky = [[c for c in cells if c.script.at_risk and c.user.is_neutral == alone] for alone in (False, True)]
    turns = [one for pair in zip_longest(*risky) for one in pair if one is not None]
    rest = [cell for cell in cells if not cell.script.at_risk]
    return cells_task(study, system, turns + rest, population, name=name)
