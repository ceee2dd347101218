"""A conversation with a product, played as a study plays it; the model is a fake, the product is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspect_ai.model import ModelAPI, ModelOutput, get_model, modelapi

from forwhom.systems.answering import Answerer
from forwhom.systems.conversation import play
from forwhom.systems.layer import Exchange, Layer, layer_type
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from forwhom.users.population import builtin_population
from forwhom.users.user import User
from tests.controls.fake_api import FakeAPI
from tests.controls.watching import Watching

PEOPLE = builtin_population()[:3]
ONE, TWO = PEOPLE[0], PEOPLE[1]
BOAT = "My boat is called Marigold."
LATER = Turn("new_session", "")


class AcknowledgingAPI(FakeAPI):
    async def generate(self, *asked: Any, **how: Any) -> ModelOutput:
        return self.answered("I see.")


@modelapi(name="acknowledging")
def acknowledging() -> type[ModelAPI]:
    return AcknowledgingAPI


@dataclass(frozen=True)
class Played:
    """contexts: what the model read at every ask. residue: where the text in question is left at the end."""

    contexts: list[str]
    residue: list[str]
    exchange: Exchange


def made(name: str, **knobs: Any) -> Layer:
    return layer_type(name).model_validate(knobs)


def asks(request: str) -> Turn:
    return Turn("ask", request)


def forgets(text: str, user: User | None = None) -> Turn:
    return Turn("forget", text, "other_user", user.id) if user else Turn("forget", text)


def played(
    layer: Layer, *turns: Turn, known: User = ONE, left: str = "Marigold", people: Sequence[User] = PEOPLE
) -> Played:
    """left: the text whose residue is looked for."""
    watching = Watching()
    system = System(name="product", model="acknowledging/fake", layers=(layer, watching))

    async def conversed() -> Played:
        model = get_model("acknowledging/fake", memoize=False)
        served = {one.id: one for one in people}
        asked = await play(system, Answerer(model, max_tokens=8), turns, known, served)
        residue = await layer.residue(left, watching.seen)
        return Played([one.context for one in asked], residue, watching.seen)

    return asyncio.run(conversed())
