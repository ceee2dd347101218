"""Propose mitigations for what a study found; confirm them on people and requests not used to choose them.

Three studies: every candidate alone, on half of the requests; the sets that should do, on the same half; the
chosen set, on the other half of the requests and other users. Each is a run of its own that goes on where it
stopped. What was measured while choosing flatters the chosen; only what is confirmed is told as what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forwhom.errors import InputError
from forwhom.statistics.choosing import Alone, excess_of, ranked
from forwhom.statistics.mitigations import Effect, MitigationSummary, mitigation_summary
from forwhom.studies.candidates import candidates, together
from forwhom.studies.mitigating import MitigationSpec
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import Progress, run_study
from forwhom.studies.study import Half, Study, UsersSpec

_TRIES = 3  # sets that are measured, a system
_FRESH_SEED = 7919  # added to the study's: other people than any study of a small seed generates
_FRESH_USERS = 64

Targets = Mapping[str, Sequence[tuple[str, str]]]
"""By system, the probes that found something and the risk of each."""
Announce = Callable[[str], None]


@dataclass(frozen=True)
class Proposal:
    """For one system. names: the chosen set; layers: as in a study file; both empty where nothing helped.

    chosen: what it did while it was chosen; confirmed: on fresh people and requests; knowing: there, against
    an attacker who knows it, None where none of it claims to stop one. meets: whether every rate is at most
    the tolerance and the usefulness lost at most the budget, as confirmed. candidates: the tried.
    """

    system: str
    names: tuple[str, ...]
    layers: tuple[dict[str, dict[str, Any] | None], ...]
    chosen: Effect | None
    confirmed: Effect | None
    knowing: Effect | None
    meets: bool
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class _Asked:
    study: Study
    folder: Path
    progress: Progress
    announce: Announce

    def measured(self, part: str, study: Study) -> MitigationSummary:
        prepared = prepare(study.model_copy(update={"name": f"{self.study.name[:40]}-{part}"}))
        run = run_study(prepared, self.folder / part, self.progress)
        made = {one.name: one.protection for one in prepared.study.systems if one.protection}
        return mitigation_summary(run.results, made, study.confidence)


def propose(
    study: Study, targets: Targets, folder: Path, budget: float, progress: Progress, announce: Announce
) -> list[Proposal]:
    """The cheapest set for each system of `targets`, confirmed.

    budget: usefulness that may be lost, in [0, 1]; the study's tolerance is what no rate may be above.
    Raises InputError where no mitigation claims to help, and InterruptedStudyError on Ctrl-C.
    """
    asked = _Asked(study, folder, progress, announce)
    offered = {name: candidates(study, name, {risk for _, risk in found}) for name, found in targets.items()}
    if not any(offered.values()):
        risks = sorted({risk for found in targets.values() for _, risk in found})
        raise InputError(f"no mitigation claims to reduce {', '.join(risks)} on these systems.")
    announce("Each mitigation alone ...")
    alone = asked.measured(
        "alone", _part(study, targets, "first", [s for own in offered.values() for s in own])
    )
    sets = {name: _sets(alone, name, found, study, budget) for name, found in targets.items()}
    pairs = [
        together([_named(offered[name], one) for one in names])
        for name, wanted in sets.items() for names in wanted if len(names) > 1
    ]  # fmt: skip
    effects = list(alone.effects)
    if pairs:
        announce("Those that should do together ...")
        effects += asked.measured("together", _part(study, targets, "first", pairs)).effects
    chosen = {name: _chosen(name, sets[name], effects, targets[name], study, budget) for name in targets}
    final = [
        together([_named(offered[name], one) for one in names], knowing=True)
        for name, (names, _) in chosen.items() if names
    ]  # fmt: skip
    confirmed: Sequence[Effect] = ()
    if final:
        announce("What was chosen, on other people and other requests ...")
        confirmed = asked.measured("confirmed", _part(study, targets, "second", final)).effects
    return [
        _proposal(name, *chosen[name], offered[name], confirmed, targets[name], study, budget)
        for name in targets
    ]


def _part(study: Study, targets: Targets, half: Half, specs: Sequence[MitigationSpec]) -> Study:
    """The study of the targets' systems with `specs`, on one half of the requests; the second with fresh
    people: others of a file, else generated anew."""
    users = study.users
    if users.file:
        users = users.model_copy(update={"half": half})
    elif half == "second":
        count = users.limit or users.generate or _FRESH_USERS
        users = UsersSpec(generate=count, shared=users.shared)
        study = study.model_copy(update={"seed": study.seed + _FRESH_SEED})
    probes = []
    for probe in study.probes:
        systems = [name for name in targets if not probe.systems or name in probe.systems]
        if systems:
            probes.append(probe.model_copy(update={"systems": tuple(systems), "half": half}))
    kept = tuple(one for one in study.systems if one.name in targets)
    update = {"users": users, "systems": kept, "probes": tuple(probes), "mitigations": tuple(specs)}
    return study.model_copy(update=update)


def _sets(
    alone: MitigationSummary, system: str, found: Sequence[tuple[str, str]], study: Study, budget: float
) -> list[tuple[str, ...]]:
    own = [one for one in alone.effects if one.system == system]
    probes = [probe for probe, _ in found]
    before = {risk.probe: risk.before.estimate for one in own for risk in one.risks if risk.probe in probes}
    parts = [
        Alone(one.mitigation, {risk.probe: risk.after.estimate for risk in one.risks}, one.cost)
        for one in own
    ]
    return [one.names for one in ranked(parts, before, study.tolerance, budget)[:_TRIES]]


def _chosen(
    system: str,
    sets: Sequence[tuple[str, ...]],
    effects: Sequence[Effect],
    found: Sequence[tuple[str, str]],
    study: Study,
    budget: float,
) -> tuple[tuple[str, ...], Effect | None]:
    """Of the measured sets the cheapest that does, else the one that leaves least."""
    measured = []
    for names in sets:
        told = " and ".join(names)
        own = next((one for one in effects if (one.system, one.mitigation) == (system, told)), None)
        if own is not None:
            measured.append((names, own))

    def order(pair: tuple[tuple[str, ...], Effect]) -> tuple[bool, float, float, int]:
        names, effect = pair
        excess = excess_of(_rates(effect, found), study.tolerance)
        meets = excess == 0 and effect.cost <= budget
        return not meets, effect.cost if meets else excess, effect.cost, len(names)

    return min(measured, key=order) if measured else ((), None)


def _rates(effect: Effect, found: Sequence[tuple[str, str]]) -> dict[str, float]:
    probes = [probe for probe, _ in found]
    return {risk.probe: risk.after.estimate for risk in effect.risks if risk.probe in probes}


def _proposal(
    system: str,
    names: tuple[str, ...],
    chosen: Effect | None,
    offered: Sequence[MitigationSpec],
    confirmed: Sequence[Effect],
    found: Sequence[tuple[str, str]],
    study: Study,
    budget: float,
) -> Proposal:
    own = {one.known: one for one in confirmed if one.system == system}
    again = own.get(False)
    rates = _rates(again, found) if again else {}
    asked = {probe for probe, _ in found}
    meets = again is not None and set(rates) == asked and excess_of(rates, study.tolerance) == 0
    layers = together([_named(offered, one) for one in names]).layers if names else ()
    return Proposal(
        system, names, layers, chosen, again, own.get(True),
        meets and again is not None and again.cost <= budget, tuple(one.told for one in offered),
    )  # fmt: skip


def _named(offered: Sequence[MitigationSpec], name: str) -> MitigationSpec:
    return next(one for one in offered if one.told == name)
