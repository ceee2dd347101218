"""The simulated user's own part in a life: how what the script wants is said, and how they react.

Scripted users say what the script says. A model that speaks for the user (Inspect's model role "user") puts
it in its own words, as the person it is told to be; what it said is kept beside what it was to say, so that
its faithfulness can be measured (fidelity.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from forwhom.lives.fidelity import Line
from forwhom.lives.life import Life
from forwhom.lives.tastes import Tastes
from forwhom.probes.preference_shift import TASTE
from forwhom.systems.answering import Answerer
from forwhom.systems.turns import AskedTurn, Turn


class SimulatedUser:
    """One user in one life with one system. model: what speaks for the user; None: the script as it is.

    on_lived: called when a session is over.
    """

    def __init__(
        self,
        life: Life,
        seed: int,
        model: Answerer | None = None,
        on_lived: Callable[[], None] = lambda: None,
    ) -> None:
        self._life, self._model, self._on_lived = life, model, on_lived
        self._tastes = Tastes(crc32(f"{seed}:{life.user.id}".encode()))
        self._session = 1
        self.said: list[Line] = []

    def begin_session(self, session: int) -> None:
        self._session = session
        self._on_lived()
        self._tastes.begin_session()

    def reacts(self, turn: Turn, asked: AskedTurn) -> list[Turn]:
        """What the user does after the answer `asked`."""
        return self._tastes.reacts(turn, asked)

    def tells(self, what: str) -> str:
        """What the user would say of themselves, as JSON."""
        return self._tastes.told(what.removeprefix(TASTE).strip())

    async def says(self, turn: Turn, history: Sequence[ChatMessage]) -> Turn:
        """The turn as the user says it."""
        said = turn
        if self._model is not None and turn.text:
            reply = await self._model.answer(_brief(self._life, self._session, turn.text, history))
            said = replace(turn, text=reply.text.strip() or turn.text)
        self.said.append(Line(self._life.user.id, self._session, turn.text, said.text))
        return said


def _brief(life: Life, session: int, wanted: str, history: Sequence[ChatMessage]) -> list[ChatMessage]:
    person = life.person(session)
    facts = " ".join(a.statement for a in person.attributes if a.statement)
    told = (
        f"You play {person.name}, who talks to an assistant. About {person.name}: {facts} Say what you are "
        "asked to say in one or two sentences of your own, in the first person. Keep every fact, number and "
        "name. Answer with these sentences only."
    )
    before = f"The assistant said last: {history[-1].text[:300]}\n" if history else ""
    return [ChatMessageSystem(content=told), ChatMessageUser(content=f"{before}Say this: {wanted}")]
