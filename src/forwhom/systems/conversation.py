"""Play a Scenario against a System: the events in order, the layers at their stages.

What a person says in a session stays in the conversation and is acknowledged by a fixed turn, so that
the script is the same for every system and only the asks cost a model call. A new session empties the
conversation; what survives it does so because a layer remembered it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
)

from forwhom.systems.answering import Answerer, Reply
from forwhom.systems.layer import Exchange
from forwhom.systems.system import System
from forwhom.users.user import NEUTRAL, User

ACKNOWLEDGED = "Thank you, I have noted that."


@dataclass(frozen=True)
class Turn:
    """One event as the system meets it. `kind` and `actor` as in probes.scenario.Event."""

    kind: str
    text: str
    actor: str = "user"
    actor_id: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskedTurn:
    """One ask answered: the session it fell in, the request, the reply, and all that the model read."""

    session: int
    request: str
    reply: Reply
    context: str


async def play(
    system: System,
    answerer: Answerer,
    turns: Sequence[Turn],
    known: User,
    population: Mapping[str, User],
    replicate: int = 0,
) -> list[AskedTurn]:
    """Every ask of `turns`, answered in order.

    known: the user as the system may know them; NEUTRAL for a system that is told nothing.
    """
    exchange = Exchange(known=known, population=tuple(population.values()))
    opening: list[ChatMessage] = [ChatMessageSystem(content=system.instructions)]
    history: list[ChatMessage] = []
    asked: list[AskedTurn] = []
    for turn in turns:
        if turn.kind == "new_session":
            exchange.session += 1
            history = []
        elif turn.kind == "ask":
            messages = [*opening, *history, ChatMessageUser(content=turn.text)]
            for layer in system.layers:
                messages = await layer.context(messages, exchange)
            reply = await answerer.answer(messages, turn.options, replicate)
            text = reply.text
            for layer in system.layers:
                text = await layer.output(text, exchange)
            if text != reply.text:
                reply = replace(reply, text=text)
            asked.append(AskedTurn(exchange.session, turn.text, reply, transcript(messages)))
            history += [ChatMessageUser(content=turn.text), ChatMessageAssistant(content=text)]
            await _remember(system, "ask", turn.text, exchange.known, exchange)
            await _remember(system, "answer", text, exchange.known, exchange)
        else:
            actor = _actor(turn, known, population)
            if turn.actor != "other_user":
                history += [
                    ChatMessageUser(content=turn.text),
                    ChatMessageAssistant(content=ACKNOWLEDGED),
                ]
            await _remember(system, turn.kind, turn.text, actor, exchange)
    return asked


def transcript(messages: Sequence[ChatMessage]) -> str:
    """The messages as plain text, one `role: text` paragraph each."""
    return "\n\n".join(f"{message.role}: {message.text}" for message in messages)


def _actor(turn: Turn, known: User, population: Mapping[str, User]) -> User | None:
    if turn.actor == "third_party":
        return None
    return population.get(turn.actor_id, NEUTRAL) if turn.actor == "other_user" else known


async def _remember(system: System, kind: str, text: str, actor: User | None, exchange: Exchange) -> None:
    for layer in system.layers:
        await layer.remember(kind, text, actor, exchange)
