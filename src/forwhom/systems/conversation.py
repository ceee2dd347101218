"""Play a Scenario against a System: the events in order, the layers at their stages.

What a person says in a session stays in the conversation and is acknowledged by a fixed turn, so that
the script is the same for every system and only the asks cost a model call. A new session empties the
conversation; what survives it does so because a layer remembered it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
)

from forwhom.systems.answering import Answerer
from forwhom.systems.guarding import admitted, begun, collected, fitted, worded_knowingly
from forwhom.systems.history import ACKNOWLEDGED
from forwhom.systems.layer import AUTHOR, PICTURE, Exchange, Happening
from forwhom.systems.reply import Reply
from forwhom.systems.saying import as_said
from forwhom.systems.system import System
from forwhom.systems.turns import RESIDUE, STORE, AskedTurn, Turn, Voice
from forwhom.systems.weights import announce
from forwhom.users.user import NEUTRAL, Provenance, User


@dataclass(frozen=True)
class _Served:
    """The model as it is for one exchange (layer.Asker). weights: found out when something is asked."""

    answerer: Answerer
    system: System
    exchange: Exchange
    replicate: int

    @cached_property
    def weights(self) -> str:
        return _weights(self.system, self.exchange)

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
    voice: Voice | None = None,
) -> list[AskedTurn]:
    """Every ask of `turns`, answered in order; asides that stand together are asked at once.

    known: the user as the system may know them; NEUTRAL for a system that is told nothing. voice: a user who
    reacts; without one the script is all that is said.
    """
    if system.attacked_knowingly:
        turns = [worded_knowingly(turn, system) for turn in turns]
    playing = _Playing(system.hardened, answerer, known, population, replicate, voice)
    asked: list[AskedTurn] = []
    for are_asides, together in groupby(turns, key=lambda turn: turn.aside):
        if are_asides:
            await playing.end_session()
            asked += await asyncio.gather(*(playing.aside(turn) for turn in together))
            continue
        for turn in together:
            asked += await playing.happen(turn)
    return asked


class _Playing:
    """A script as it is played: what the system knows by now, and the conversation of this session."""

    def __init__(
        self,
        system: System,
        answerer: Answerer,
        known: User,
        population: Mapping[str, User],
        replicate: int,
        voice: Voice | None,
    ) -> None:
        self._system, self._answerer, self._replicate = system, answerer, replicate
        self._voice, self._last = voice, AskedTurn(1, "", Reply(""), "")
        self._known = collected(known, system.guards)
        self._population = {key: collected(one, system.guards) for key, one in population.items()}
        self._exchange = begun(system, self._known, self._population)
        self._history: list[ChatMessage] = []
        self._is_over = False

    async def end_session(self) -> None:
        """The layers write down what they keep of this session, if they have not yet."""
        if self._is_over:
            return
        self._is_over = True
        served = _Served(self._answerer, self._system, self._exchange, self._replicate)
        for layer in self._system.layers:
            await layer.end_session(self._exchange, served)

    async def happen(self, turn: Turn) -> list[AskedTurn]:
        """One event; what was asked in it, if anything was."""
        exchange = self._exchange
        if self._voice and turn.actor == "user" and turn.kind in ("say", "ask"):
            turn = await self._voice.says(turn, self._history)
        if turn.kind == "new_session":
            await self.end_session()
            exchange.session += 1
            self._history = []
            self._is_over = False
            if self._voice:
                self._voice.begin_session(exchange.session)
        elif turn.kind == "start_over":
            self._exchange = begun(self._system, self._known, self._population, exchange.session)
            self._history = []
        elif turn.kind == "ask":
            asked = await self._ask(turn, self._history, exchange)
            self._history += [_said(turn), ChatMessageAssistant(content=asked.reply.text)]
            for happened in (
                _happened(turn, exchange.known, exchange),
                Happening("answer", asked.reply.text, None, exchange.session),
            ):
                await self._remember(admitted(happened, exchange))
            self._last = asked
            return [asked]
        elif turn.kind == "react":
            for one in self._voice.reacts(turn, self._last) if self._voice else ():
                await self._told(one, exchange)
        elif turn.kind == "observe":
            return [await self._look(turn, exchange)]
        else:
            await self._told(turn, exchange)
        return []

    async def aside(self, turn: Turn) -> AskedTurn:
        """One ask in a session of its own after this one, and as if it had not been."""
        apart = copy(self._exchange)
        apart.session += 1
        apart.notes = dict(apart.notes)
        for layer in self._system.layers:
            layer.set_apart(apart)
        asked = await (self._look(turn, apart) if turn.kind == "observe" else self._ask(turn, [], apart))
        return replace(asked, session=self._exchange.session)

    async def _ask(self, turn: Turn, history: Sequence[ChatMessage], exchange: Exchange) -> AskedTurn:
        system = self._system
        exchange.request = turn.text
        messages: list[ChatMessage] = [ChatMessageSystem(content=system.instructions), *history]
        for place, text in enumerate(turn.before):
            messages.append((ChatMessageAssistant if place % 2 else ChatMessageUser)(content=text))
        messages.append(_said(turn))
        for layer in system.layers:
            messages = await layer.context(messages, exchange)
        served = _Served(self._answerer, system, exchange, self._replicate)
        # To prefer one of given answers is no errand.
        reply = None if turn.options else await _acted(system, messages, exchange, served)
        for layer in system.layers:
            reply = reply or await layer.replies(messages, turn.options, exchange)
        for guard in system.guards:
            reply = reply or await guard.answers(messages, turn.options, exchange, served)
        reply = reply or await served.answer(messages, turn.options)
        reply = await as_said(system, reply, turn.options, exchange)
        return AskedTurn(exchange.session, turn.text, reply, reply.read or transcript(messages))

    async def _look(self, turn: Turn, exchange: Exchange) -> AskedTurn:
        if turn.text == STORE:
            kept = [text for layer in self._system.layers for text in await layer.stored(exchange)]
            return AskedTurn(exchange.session, turn.text, Reply("\n".join(kept), method="stored"), "")
        if turn.text.startswith(RESIDUE):
            words = turn.text.removeprefix(RESIDUE)
            places = [f"{layer.name}: {place}" for layer in self._system.layers
                      for place in await layer.residue(words, exchange)]  # fmt: skip
            return AskedTurn(exchange.session, turn.text, Reply("\n".join(places), method="stored"), "")
        if not turn.of:
            told = self._voice.tells(turn.text) if self._voice else ""
            return AskedTurn(exchange.session, turn.text, Reply(told, method="told"), "")
        seen = {one: await _observe(self._system, self._answerer, turn.text, one, exchange, self._population)
                for one in turn.of}  # fmt: skip
        return AskedTurn(exchange.session, turn.text, Reply("", method="observed"), "", seen)

    async def _told(self, turn: Turn, exchange: Exchange) -> None:
        actor = _actor(turn, self._known, self._population)
        happened = admitted(_happened(turn, actor, exchange), exchange)
        if turn.kind == "edit_profile" and happened is not None:
            provenance: Provenance = "third_party" if actor is None else "told"
            exchange.known = exchange.known.with_note(happened.text, exchange.session, provenance)
        # Said or entered: what is to be forgotten is known in the words in which it was let in.
        if (happened or turn).kind == "forget" and actor is self._known:
            _forget((happened or turn).text, exchange)
        if turn.kind not in ("edit_profile", "forget") and turn.actor != "other_user":
            answered = turn.options[0] if turn.options else ACKNOWLEDGED
            self._history += [_said(turn), ChatMessageAssistant(content=answered)]
        await self._remember(happened)

    async def _remember(self, happened: Happening | None) -> None:
        if happened is None:
            return
        self._exchange.log.append(happened)
        for layer in self._system.layers:
            await layer.remember(happened, self._exchange)


def _forget(text: str, exchange: Exchange) -> None:
    """What the user asks to forget is gone from what is known of them and from what they and the system said;
    what other users said and rated is theirs."""
    user = exchange.known
    exchange.known = user.forgetting(text)
    exchange.log = [one for one in exchange.log if one.is_by_another(user) or not one.names(text)]


def _weights(system: System, exchange: Exchange) -> str:
    """The key of the weights that the system's layers make for this user now; "" for the model's own."""
    return announce(fitted(system, exchange))


async def _acted(
    system: System, messages: list[ChatMessage], exchange: Exchange, served: _Served
) -> Reply | None:
    for layer in system.layers:
        if layer.acts():
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
        of = begun(system, population.get(user, NEUTRAL), population)
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
    metadata: dict[str, Any] = {PICTURE: turn.picture} if turn.picture else {}
    if turn.actor == "third_party":
        metadata[AUTHOR] = turn.actor
    return ChatMessageUser(content=turn.text, metadata=metadata or None)


def _happened(turn: Turn, actor: User | None, exchange: Exchange) -> Happening:
    # What is asked is not chosen among: the options of an ask are the scorer's.
    options = () if turn.kind == "ask" else turn.options
    return Happening(turn.kind, turn.text, actor, exchange.session, options, turn.picture)
