"""Play a Scenario against a System: the events in order, the layers at their stages.

What a person says in a session stays in the conversation and is acknowledged by a fixed turn, so that
the script is the same for every system and only the asks cost a model call. A new session empties the
conversation; what survives it does so because a layer remembered it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
)

from forwhom.systems.answering import Answerer
from forwhom.systems.history import ACKNOWLEDGED
from forwhom.systems.layer import PICTURE, Exchange, Happening
from forwhom.systems.pictures.picture import Picture
from forwhom.systems.reply import Reply
from forwhom.systems.system import System
from forwhom.systems.weights import Weights, announce
from forwhom.users.user import NEUTRAL, Provenance, User


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


@dataclass(frozen=True)
class _Served:
    """The model as it is for one exchange (layer.Asker)."""

    answerer: Answerer
    weights: str
    replicate: int

    @property
    def model(self) -> Model:
        return self.answerer.model

    @property
    def sampling(self) -> GenerateConfig:
        return self.answerer.sampling(self.replicate)

    async def answer(self, messages: list[ChatMessage], options: Sequence[str] = ()) -> Reply:
        return await self.answerer.answer(messages, options, self.replicate, self.weights)


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
            exchange.request = turn.text
            messages = [*opening, *history, _said(turn)]
            for layer in system.layers:
                messages = await layer.context(messages, exchange)
            served = _Served(answerer, _weights(system, exchange), replicate)
            # To prefer one of given answers is no errand.
            reply = None if turn.options else await _acted(system, messages, exchange, served)
            reply = reply or await served.answer(messages, turn.options)
            text = reply.text
            for layer in system.layers:
                text = await layer.output(text, exchange)
            if text != reply.text:
                reply = replace(reply, text=text)
            asked.append(AskedTurn(exchange.session, turn.text, reply, transcript(messages)))
            history += [_said(turn), ChatMessageAssistant(content=text)]
            await _remember(system, _happened(turn, exchange.known, exchange), exchange)
            await _remember(system, Happening("answer", text, None, exchange.session), exchange)
        elif turn.kind == "observe":
            seen = {one: await _observe(system, answerer, turn.text, one, exchange, population)
                    for one in turn.of}  # fmt: skip
            asked.append(AskedTurn(exchange.session, turn.text, Reply("", method="observed"), "", seen))
        else:
            actor = _actor(turn, known, population)
            if turn.kind == "edit_profile":
                provenance: Provenance = "third_party" if actor is None else "told"
                exchange.known = exchange.known.with_note(turn.text, exchange.session, provenance)
            elif turn.kind == "forget":
                if actor is known:
                    _forget(turn.text, exchange)
            elif turn.actor != "other_user":
                answered = turn.options[0] if turn.options else ACKNOWLEDGED
                history += [_said(turn), ChatMessageAssistant(content=answered)]
            await _remember(system, _happened(turn, actor, exchange), exchange)
    return asked


def _forget(text: str, exchange: Exchange) -> None:
    """What the user asks to forget is gone from what is known of them and from what they and the system said;
    what other users said and rated is theirs."""
    user = exchange.known
    exchange.known = user.forgetting(text)
    exchange.log = [one for one in exchange.log if one.is_by_another(user) or not one.names(text)]


def _weights(system: System, exchange: Exchange) -> str:
    """The key of the weights that the system's layers make for this user now; "" for the model's own."""
    changes = (layer.weights(exchange) for layer in system.layers)
    return announce(Weights(tuple(change for change in changes if change is not None)))


async def _acted(
    system: System, messages: list[ChatMessage], exchange: Exchange, served: _Served
) -> Reply | None:
    for layer in system.layers:
        if "action" in layer.stages:
            return await layer.act(messages, exchange, served)
    return None


async def _observe(
    system: System,
    answerer: Answerer,
    what: str,
    user: str,
    exchange: Exchange,
    population: Mapping[str, User],
) -> tuple[float, ...]:
    of = exchange
    if user != exchange.known.id:
        of = Exchange(known=population.get(user, NEUTRAL), population=exchange.population)
    weights = _weights(system, of)
    return await answerer.observe(what, weights) if weights else ()


def transcript(messages: Sequence[ChatMessage]) -> str:
    """The messages as plain text, one `role: text` paragraph each."""
    return "\n\n".join(f"{message.role}: {message.text}" for message in messages)


def _actor(turn: Turn, known: User, population: Mapping[str, User]) -> User | None:
    if turn.actor == "third_party":
        return None
    return population.get(turn.actor_id, NEUTRAL) if turn.actor == "other_user" else known


def _said(turn: Turn) -> ChatMessageUser:
    metadata = {PICTURE: turn.picture} if turn.picture else None
    return ChatMessageUser(content=turn.text, metadata=metadata)


def _happened(turn: Turn, actor: User | None, exchange: Exchange) -> Happening:
    # What is asked is not chosen among: the options of an ask are the scorer's.
    options = () if turn.kind == "ask" else turn.options
    return Happening(turn.kind, turn.text, actor, exchange.session, options, turn.picture)


async def _remember(system: System, happened: Happening, exchange: Exchange) -> None:
    exchange.log.append(happened)
    for layer in system.layers:
        await layer.remember(happened, exchange)
