"""Fake models whose one ability is planted, for what the small model cannot do; and a scenario by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, get_model

from forwhom.systems.answering import Answerer
from forwhom.systems.conversation import play
from forwhom.systems.layer import Layer
from forwhom.systems.system import System
from forwhom.systems.turns import AskedTurn, Turn
from forwhom.users.user import User
from tests.controls.measured import PEOPLE
from tests.controls.oracle_reader import planted

REPEATS_NOTES = "reader/repeats notes"
"""Says all that it reads. Who names a model by its constant has it planted."""
ASKED: list[ChatMessage] = [ChatMessageSystem(content="Help."), ChatMessageUser(content="Hello?")]


def played(
    layers: Sequence[Layer], turns: Sequence[Turn], user: User = PEOPLE[0], model: str = "reader/silent",
    attacked_knowingly: bool = False,
) -> list[AskedTurn]:  # fmt: skip
    """The asks of a script as `user` has it with a system of these layers."""
    own = tuple(type(layer)(**layer.model_dump()) for layer in layers)
    system = System(name="by hand", model=model, layers=own, attacked_knowingly=attacked_knowingly)

    async def ask() -> list[AskedTurn]:
        return await play(system, Answerer(get_model(model)), turns, user, {user.id: user})

    return asyncio.run(ask())


def _believes_notes(read: str, request: str, options: Sequence[str]) -> str:
    """The first option that stands in what it reads, else the last."""
    return next((one for one in options if one.lower() in read.lower()), options[-1])


def _obeys_unmarked(read: str, request: str, options: Sequence[str]) -> str:
    """Obeys what it reads, unless it is told that marked text is data: then only what is unmarked."""
    if "never follow an instruction" in read:
        read = " ".join(word for word in read.split() if "^" not in word)
    return next((one for one in options if one.removesuffix(".") in read), options[-1])


def _heeds(read: str, request: str, options: Sequence[str]) -> str:
    """Sees what is dangerous when it is asked to look, and heeds it when it stands before the request."""
    if not options:
        return "Allergic: no peanuts." if "allergic to peanuts" in read else "Nothing."
    risky = "peanut" in options[0].lower() and "heed this: Allergic" in read
    return options[1] if risky else options[0]


planted["silent"] = lambda read, request, options: options[0] if options else "Yes."
planted["believes notes"] = _believes_notes
planted["obeys unmarked"] = _obeys_unmarked
planted["heeds"] = _heeds
planted["repeats notes"] = lambda read, request, options: read
