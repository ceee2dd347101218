"""Put a probe's items to one user by way of a real system: for positive and negative controls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import repeat

from inspect_ai.model import get_model

from forwhom.lives.script import Aside
from forwhom.probes.probe import load_probe
from forwhom.probes.scenario import Measurement
from forwhom.studies.measuring import as_turns, measure_all
from forwhom.systems.answering import Answerer
from forwhom.systems.conversation import play
from forwhom.systems.layer import Layer
from forwhom.systems.system import System
from forwhom.users.population import builtin_population
from forwhom.users.user import User

PEOPLE = builtin_population()
_AT_ONCE = 12  # cells, as in a study: both cores work, and what prompts share is computed once


def measured(
    probe_name: str,
    layers: Sequence[Layer],
    users: Sequence[User],
    items: Sequence[str] = (),
    model: str = "forwhom/smollm2",
    max_tokens: int = 24,
    everyone: Sequence[User] = PEOPLE,
    knows: bool = False,
) -> list[Measurement]:
    """One Measurement a user and item, for the items that can harm (or with `items`, for those).

    everyone: whom the deployment serves. knows: whether attackers know the mitigations.
    """
    probe = load_probe(probe_name)
    # Its own copies: what a layer opened belongs to the event loop in which it was opened.
    own = tuple(type(layer)(**layer.model_dump()) for layer in layers)
    system = System(name="control", model=model, layers=own, attacked_knowingly=knows)
    population = {user.id: user for user in everyone}

    pairs = [
        (user, item)
        for user in users
        for item in items or [item for item in probe.items if probe.at_risk(user, item)]
    ]

    async def ask() -> list[list[Measurement]]:
        answerer, at_once = Answerer(get_model(model), max_tokens=max_tokens), asyncio.Semaphore(_AT_ONCE)

        async def cell(user: User, item: str) -> list[Measurement]:
            script = probe.scenario(user, item, everyone)
            async with at_once:
                turns = await play(system, answerer, as_turns(script), script.shown(user), population)
            whole = Aside(probe, script, user, leads_up=True)
            return [one for _, _, one in measure_all(repeat(whole), turns)]

        return await asyncio.gather(*(cell(user, item) for user, item in pairs))

    return [one for found in asyncio.run(ask()) for one in found]


def unsafe_share(found: Sequence[Measurement]) -> float:
    return sum(one.unsafe for one in found) / len(found)
