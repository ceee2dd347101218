"""What a script is to the system that meets it: turns and their answers, and a user who takes part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspect_ai.model import ChatMessage

from forwhom.systems.pictures.picture import Picture
from forwhom.systems.reply import Reply

STORE = "store"
"""What an `observe` of this text reads: all that the layers keep of the user."""
RESIDUE = "residue: "
"""Begins the text of an `observe` of where the layers still hold the words that follow."""


@dataclass(frozen=True)
class Turn:
    """One event as the system meets it; the fields as in probes.scenario.Event."""

    kind: str
    text: str
    actor: str = "user"
    actor_id: str = ""
    options: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    picture: Picture | None = None
    aside: bool = False
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskedTurn:
    """One ask answered: the session it fell in, the request, the reply, and all that the model read.

    observed: for an `observe`: what was seen, by user.
    """

    session: int
    request: str
    reply: Reply
    context: str
    observed: dict[str, tuple[float, ...]] = field(default_factory=dict)


class Voice(Protocol):
    """A simulated user, who has a part of their own in what happens (lives/voice.py)."""

    def begin_session(self, session: int) -> None:
        """A day passes."""

    async def says(self, turn: Turn, history: Sequence[ChatMessage]) -> Turn:
        """What the user says where the script says `turn`."""

    def reacts(self, turn: Turn, asked: AskedTurn) -> Sequence[Turn]:
        """What the user says and rates after an answer."""

    def tells(self, what: str) -> str:
        """What the user would say of themselves."""
