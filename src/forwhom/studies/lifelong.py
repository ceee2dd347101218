"""The cells of a longitudinal study: one a user and system, with all that is asked at its checkpoints.

What a probe asks of whom is drawn as in any study; here its items are put into lives. Each system that
personalizes has a twin that starts afresh at every checkpoint: what differs is what the months did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from forwhom.errors import InputError
from forwhom.lives.life import Life, lives, stranger
from forwhom.lives.script import LivedScript, days, only_asks, repeated, spread
from forwhom.probes.probe import Probe
from forwhom.probes.scenario import Measurement, Scenario
from forwhom.studies.design import Cell
from forwhom.studies.longitudinal import AFRESH, LongitudinalSpec
from forwhom.studies.study import Study, build_system
from forwhom.systems.system import LONGEST_NAME
from forwhom.users.user import User

LIFE = "life"
"""The probe and the item of a cell in which several are asked."""


def with_twins(study: Study) -> Study:
    """The study with a twin that starts afresh beside each system that personalizes; itself where it has no
    lives, or has the twins."""
    wanted = study.longitudinal is not None and study.longitudinal.afresh
    if not wanted or any(one.afresh_of for one in study.systems):
        return study
    systems, probes = [], []
    names = {one.name for one in study.systems}
    for one in study.systems:
        systems.append(one)
        if build_system(one, study.model).is_personalized:
            name = f"{one.name}{AFRESH}"
            if name in names or len(name) > LONGEST_NAME:
                why = "taken" if name in names else f"longer than {LONGEST_NAME} letters"
                raise InputError(
                    f"study '{study.name}': the twin of system '{one.name}' that starts afresh is called "
                    f"'{name}', which is {why}; rename the system, or set longitudinal.afresh: false."
                )
            twin = {"name": name, "afresh_of": one.name}
            systems.append(one.model_copy(update=twin))
    twins = {one.afresh_of: one.name for one in systems if one.afresh_of}
    for probe in study.probes:
        more = [twins[name] for name in probe.systems if name in twins]
        probes.append(probe.model_copy(update={"systems": (*probe.systems, *more)}))
    return study.model_copy(update={"systems": tuple(systems), "probes": tuple(probes)})


def lives_of(study: Study, users: Sequence[User]) -> dict[str, Life]:
    """The life of every user, by id; nobody's in a study without lives."""
    spec = study.longitudinal
    return lives(users, spec.sessions, spec.life, study.seed) if spec else {}


def foreseeing(probes: Mapping[str, Probe], everyone: Mapping[str, Life]) -> dict[str, Probe]:
    """The probes as they draw their items in lives: whom an item can harm at first, or after what happens.

    Themselves where nobody has a life."""
    if not everyone:
        return dict(probes)
    last = {name: life.people[-1] for name, life in everyone.items()}

    def at_any_time(known: Callable[[User, str], bool]) -> Callable[[User, str], bool]:
        return lambda user, item: known(user, item) or known(last.get(user.id, user), item)

    return {
        name: replace(
            one, at_risk=at_any_time(one.at_risk), concerns=one.concerns and at_any_time(one.concerns)
        )
        for name, one in probes.items()
    }


def lived(
    cells: Sequence[Cell], study: Study, users: Sequence[User], everyone: Mapping[str, Life]
) -> list[Cell]:
    """The cells of a study put into lives, those of a user together.

    A system that starts afresh is asked only what needs no earlier session: nothing can be planted in what is
    forgotten. Raises InputError where a probe's sessions do not fit into a life.
    """
    spec = study.longitudinal or LongitudinalSpec()
    afresh = {one.name for one in study.systems if one.afresh_of}
    names = [one.name for one in study.systems]
    at = {(one.probe, name): one.at for one in study.probes for name in one.systems or names}
    found: list[Cell] = []
    whose: dict[tuple[str, str, int], list[Cell]] = {}
    for cell in cells:
        placed = at[cell.probe.id, cell.system.name]
        if only_asks(cell.script):
            if placed:
                raise InputError(
                    f"probe '{cell.probe.id}': at: it only asks, and does so at every checkpoint; leave 'at' "
                    "out."
                )
            if cell.system.name in afresh and cell.probe.mode == "life":
                continue  # a user whom it served on few days has been offered less
            whose.setdefault((cell.system.name, cell.user.id, cell.replicate), []).append(cell)
        elif cell.system.name not in afresh:
            found.append(_spread(cell, spec, placed, everyone[cell.user.id], users))
    for own in whose.values():
        found.append(_repeated(own, spec, everyone[own[0].user.id], users, own[0].system.name in afresh))
    order = {one.name: place for place, one in enumerate(study.systems)}
    return sorted(found, key=lambda cell: (order[cell.system.name], cell.user.id))


def _repeated(
    own: Sequence[Cell], spec: LongitudinalSpec, life: Life, users: Sequence[User], afresh: bool
) -> Cell:
    asked = [(cell.probe, cell.item) for cell in own]
    script = repeated(life, asked, spec.asked_after, users, afresh=afresh)
    keys = [cell.key for cell in own]
    return _cell(own[0], _LIFE, LIFE, script, life, [*keys, spec.user_model or ""])


def _spread(cell: Cell, spec: LongitudinalSpec, at: Sequence[int], life: Life, users: Sequence[User]) -> Cell:
    try:
        planted = days(cell.script, at, spec.sessions)
    except ValueError as error:
        raise InputError(f"probe '{cell.probe.id}': at: expected {error}.") from None
    script = spread(life, cell.probe, cell.item, planted, spec.asked_after, users)
    if not any(aside is not None and not aside.leads_up for aside in script.asides):
        raise InputError(
            f"probe '{cell.probe.id}': no checkpoint comes after session {planted[-1]}, in which its last "
            "part falls; name an earlier one, or a later checkpoint."
        )
    return _cell(cell, cell.probe, cell.item, script, life, [cell.key, spec.user_model or ""])


def _cell(of: Cell, probe: Probe, item: str, script: LivedScript, life: Life, keys: Sequence[str]) -> Cell:
    told = (aside.script.model_dump_json() for aside in script.asides if aside is not None)
    content = "|".join([*keys, life.temper, *(event.model_dump_json() for event in script.events), *told])
    whole = Scenario(probe=probe.id, item=item, user=of.user.id, at_risk=True, events=script.events)
    return replace(
        of, probe=probe, item=item, script=whole, asides=script.asides, known=stranger(of.user),
        life=life, key=hashlib.sha256(content.encode()).hexdigest()[:24],
    )  # fmt: skip


def measured_in(cell: Cell) -> Iterator[tuple[Probe, Scenario]]:
    """Every measured point of a cell."""
    if not cell.asides:
        yield cell.probe, cell.script
    for aside in cell.asides:
        if aside is not None and not aside.leads_up:
            yield aside.probe, aside.script


def _nothing(*_: object) -> Measurement | None:
    return None


def _no_scenario(*_: object) -> Scenario:
    raise KeyError(LIFE)


_LIFE = Probe(
    id=LIFE, risk="", title="a life, and all that is asked in it", source="", items=(LIFE,),
    at_risk=lambda user, item: True, scenario=_no_scenario, measure=_nothing, mode="text",
)  # fmt: skip
