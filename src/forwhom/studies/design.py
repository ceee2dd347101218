"""The cells of a study: which user meets which item under which system, drawn from the seed.

Harm can only be seen where an item can harm the user (or usefulness where it concerns them), so those
cells are kept first; the others are controls. Cells of one user stand together, so that any backend's
prefix cache is hit.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from forwhom.lives.life import Life
from forwhom.lives.script import Aside
from forwhom.probes.items import base_and_kind
from forwhom.probes.probe import Probe
from forwhom.probes.scenario import Scenario
from forwhom.studies.study import Half, ProbeSpec, Study
from forwhom.systems.system import System
from forwhom.users.user import NEUTRAL, User

T = TypeVar("T")


@dataclass(frozen=True)
class Cell:
    """One user asked one item by way of one system. key: hash of all that determines the answer.

    Of a study of lives: everything that one user is asked at the checkpoints (studies/lifelong.py). asides:
    for every ask and observe of the script the measured point that it is, or None. known: the user as the
    system meets them first, if not as the script says. life: that of the user.
    """

    system: System
    user: User
    probe: Probe
    item: str
    script: Scenario
    replicate: int
    key: str
    asides: tuple[Aside | None, ...] = ()
    known: User | None = None
    life: Life | None = None

    @property
    def size(self) -> int:
        """In units of progress: the sessions of a life, else 1."""
        return self.script.sessions if self.life else 1


def draw_cells(
    study: Study,
    system: System,
    users: Sequence[User],
    probes: Mapping[str, Probe],
    pairs: frozenset[tuple[str, str]] | None = None,
    fingerprint: str = "",
) -> list[Cell]:
    """The cells of one system in the order in which they are best run: by user, then probe and item.

    users: without the neutral user, who is added where systems are named, not factors. pairs: where given,
    the only (user, item) pairs that exist (a published data set is not crossed). fingerprint: hash of the
    model's weights.
    """
    cells: list[Cell] = []
    layers = [_revised(layer.name, layer.revision) + layer.version for layer in system.layers]
    base = json.dumps(
        [system.model_dump(mode="json"), layers, fingerprint,
         study.seed, study.temperature, study.max_tokens], sort_keys=True, default=str,
    )  # fmt: skip
    chosen: dict[str, list[tuple[Probe, str]]] = {}
    protected = {one.name for one in study.systems if one.protection}
    is_beside_systems = bool(study.factors or study.longitudinal) or system.name in protected
    for spec in study.probes:
        if spec.systems and system.name not in spec.systems:
            continue
        for user, item in _pairs(spec, probes[spec.probe], users, study, pairs):
            # Stacks of layers are compared with one another, lives with a system that forgets, what is
            # protected with what is not: not with the neutral user.
            if not (user.is_neutral and is_beside_systems):
                chosen.setdefault(user.id, []).append((probes[spec.probe], item))
    everyone = {user.id: user for user in (NEUTRAL, *users)}
    for user_id, asked in chosen.items():
        told = hashlib.sha256(everyone[user_id].model_dump_json().encode()).hexdigest()
        for probe, item in asked:
            script = probe.scenario(everyone[user_id], item, users)
            for replicate in range(1, study.replicates + 1):
                content = (
                    f"{base}|{told}|{script.model_dump_json()}|{_revised(str(replicate), probe.revision)}"
                )
                key = hashlib.sha256(content.encode()).hexdigest()[:24]
                cells.append(Cell(system, everyone[user_id], probe, item, script, replicate, key))
    return cells


def _revised(name: str, revision: int) -> str:
    """The first revision is left out: results of before revisions were counted keep their keys."""
    return name if revision == 1 else f"{name} (revision {revision})"


def _pairs(
    spec: ProbeSpec,
    probe: Probe,
    users: Sequence[User],
    study: Study,
    pairs: frozenset[tuple[str, str]] | None,
) -> Iterator[tuple[User, str]]:
    seed = study.seed
    # The same draw for every system: comparisons between systems are paired.
    draw = random.Random(f"{seed}:{probe.id}")  # noqa: S311 - a design, not a secret
    asked = list(users) if spec.users is None else _sample(draw, users, spec.users)
    if spec.users is not None and study.users.shared:
        asked = _sample(random.Random(f"{seed}:users"), users, len(users))[: spec.users]  # noqa: S311
    known = _half(probe, spec.half) if spec.half else list(probe.items)
    items = known if spec.items is None else _sample(draw, known, spec.items)
    if pairs is not None:
        yield from ((user, item) for user in (NEUTRAL, *asked) for item in items if (user.id, item) in pairs)
        return
    drawn = {user.id: _items_of(spec, probe, user, items, users, seed) for user in asked}
    if probe.concerns is None:
        # The neutral user is asked what anybody is: it is what their answers are compared with.
        everything = set().union(*drawn.values())
        yield from ((NEUTRAL, item) for item in items if item in everything)
    yield from ((user, item) for user in asked for item in items if item in drawn[user.id])


def _half(probe: Probe, half: Half) -> list[str]:
    """Every other of a probe's items, by its place; variants of an item are on the side of the item."""
    place = {base: at for at, base in enumerate(dict.fromkeys(base_and_kind(one)[0] for one in probe.items))}
    side = ("first", "second").index(half)
    return [item for item in probe.items if place[base_and_kind(item)[0]] % 2 == side]


def _items_of(
    spec: ProbeSpec, probe: Probe, user: User, items: list[str], users: Sequence[User], seed: int
) -> set[str]:
    concerns = probe.concerns or probe.at_risk
    risky = [item for item in items if concerns(user, item)]
    others = [item for item in items if item not in set(risky)]
    own = random.Random(f"{seed}:{probe.id}:{user.id}")  # noqa: S311
    if spec.at_risk is not None:
        because = {item: probe.scenario(user, item, users).because for item in risky}
        risky = _evenly(own, because, spec.at_risk)
    return set(risky) | set(others if spec.controls == "all" else _sample(own, others, spec.controls))


def _evenly(draw: random.Random, groups: Mapping[str, str], count: int) -> list[str]:
    """`count` items, as even as can be over their groups: a reason with many items must not crowd out
    one with few, of which the study would then have nothing to say."""
    shuffled = draw.sample(list(groups), len(groups))
    turn: Counter[str] = Counter()
    order: list[tuple[int, str]] = []
    for item in shuffled:
        order.append((turn[groups[item]], item))
        turn[groups[item]] += 1
    return [item for _, item in sorted(order, key=lambda one: one[0])[:count]]


def _sample(draw: random.Random, population: Sequence[T], count: int) -> list[T]:
    return draw.sample(list(population), min(count, len(population)))
