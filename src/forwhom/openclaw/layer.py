"""OpenClaw as a layer: it is said what happens, it is asked what is asked, and it answers in a model's place.

What it reads and keeps is its own affair (a black box). A script's events become what people do with an
agent: a message, a file to read, a new session, a request to forget. Answers of before that a script gives
are acknowledged by fixed words for other systems; here the agent answers everything itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import ClassVar, Literal, TypeVar
from zlib import crc32

from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    ModelOutput,
)
from pydantic import Field

from forwhom.errors import InputError
from forwhom.openclaw.agent import LiveAgent
from forwhom.openclaw.files import Knows
from forwhom.openclaw.gateway import Gateway
from forwhom.openclaw.installation import installed
from forwhom.openclaw.pool import Pool
from forwhom.openclaw.sealing import Served
from forwhom.openclaw.snapshot import Snapshot, Source, check_path, content_hash, snapshot
from forwhom.openclaw.telegram import CHANNEL
from forwhom.openclaw.understood import CONFIG, Routes, routes
from forwhom.systems.layer import Asker, Exchange, Happening, Layer, Stage, register_layer
from forwhom.systems.letters import letter_request, written_letter
from forwhom.systems.reply import Reply

_T = TypeVar("_T")
_pools: dict[str, Pool] = {}
_lock = Lock()
_WRITTEN = "an agent's answer"
_COPIES = 100
_BOTS = 4  # each keeps a process of OpenClaw waiting for messages
_OF_A_SAMPLE = {"knows", "documents", "new_session", "to_remember", "owner", "dm_scope", "channel"}
"""Knobs that differ between samples of one gateway; what channels do is set for all of it."""


@register_layer
class OpenClaw(Layer):
    """path: a state folder (~/.openclaw) or a workspace, of which throw-away copies are made.

    agent: by name, where there are several. knows: where the agent is told of its user. documents: whether
    what a third party wrote is a file to read or in the message. new_session: whether a new session is begun
    as by /new, or the person just writes again later, which with OpenClaw's defaults goes on with the same
    conversation. owner: whether the agent is the user's, or another's who lets them write to it.
    to_remember: whether its owner says everything with the wish to remember it. dm_scope, channel: how
    messages of several people are put in sessions (session.dmScope), "" for as it is configured.
    through: whether people write by the gateway's protocol, told apart by their scopes and sessions, or by
    OpenClaw's own Telegram channel, which knows its senders, puts their messages in sessions and tells the
    model who wrote each (about a second more for a turn).

    tools: "safe" denies those that reach beyond the workspace (programs, network, messages), "own" leaves the
    agent's own policy as it is: what it is told to do, it may then do on this machine. dreams: whether it
    consolidates memory on its schedule.

    model_url, model_id, model_headers, model_key: an OpenAI-compatible server in place of the agent's own
    provider; ${NAME} in a header or key stands for a variable of the environment.
    copies: samples that one gateway serves, each by a copy of the workspace under a name of its own. With 1 a
    gateway is started for every sample, with all of the state, also what OpenClaw keeps of the agent in its
    database; that is the default for an agent that has such a database. gateway_for: whether each
    user has a gateway, or everybody the same one, in which copies of the agent are apart but the process is
    not: faster. at_once: samples at a time.
    """

    name: ClassVar[str] = "openclaw"
    stages: ClassVar[tuple[Stage, ...]] = ("context", "memory")
    source: ClassVar[str] = "https://docs.openclaw.ai"

    path: str = ""
    agent: str = ""
    knows: Knows = "both"
    documents: Literal["file", "pasted"] = "file"
    new_session: Literal["reset", "continue"] = "reset"
    to_remember: bool = False
    owner: Literal["user", "other"] = "user"
    dm_scope: Literal["", "main", "per-peer", "per-channel-peer", "per-account-channel-peer"] = ""
    channel: str = CHANNEL
    through: Literal["gateway", "telegram"] = "gateway"
    tools: Literal["safe", "own"] = "safe"
    dreams: bool = False
    model_url: str = ""
    model_id: str = ""
    model_headers: dict[str, str] = Field(default_factory=dict)
    model_key: str = ""
    copies: int | None = Field(default=None, ge=1)
    gateway_for: Literal["user", "everybody"] = "user"
    at_once: int = Field(default=2, ge=1)

    @property
    def own_model(self) -> str:
        return f"openclaw/{self.model_id or 'agent'}"

    @property
    def samples_at_once(self) -> int:
        return self.at_once

    @property
    def version(self) -> str:
        try:
            return f"{installed().version} {content_hash(Path(self.path))}"
        except InputError:
            return ""

    def why_not(self, model: str) -> str:
        if not self.path:
            return "'openclaw' tests an agent, and none is named: --system openclaw:PATH, or path: PATH."
        if bool(self.model_url) != bool(self.model_id):
            return "'openclaw': model_url and model_id name a server and a model on it; give both or neither."
        if self.through == "telegram" and self.channel != CHANNEL:
            return (
                f"'openclaw': through: telegram is the channel telegram; leave 'channel: {self.channel}' out."
            )
        try:
            if not self.model_url and not (check_path(Path(self.path)) / CONFIG).is_file():
                return (f"openclaw:{self.path}: is a workspace, which says nothing of a model: give one with "
                        "--model NAME --model-base-url URL (or model_id and model_url).")  # fmt: skip
            check_path(Path(self.path))
            installed()
        except InputError as error:
            return str(error)
        return ""

    async def replies(
        self, messages: list[ChatMessage], options: Sequence[str], exchange: Exchange
    ) -> Reply | None:
        """The agent's answer. Of options it writes the letter of one, listed in one order that is drawn for
        every request: it cannot be asked twice without knowing that it was."""
        request = messages[-1].text
        listed = list(options)
        if options:
            turn = crc32(f"{exchange.known.id}:{request}".encode()) % len(listed)
            listed = listed[turn:] + listed[:turn]
        asked = letter_request(request, listed) if options else request

        def ask(agent: LiveAgent) -> Reply:
            for one in messages[1:-1]:  # said before in the same session; what it is to have answered is not
                if isinstance(one, ChatMessageUser) and one.text not in agent.told:
                    agent.say(one.text)
            files, started = agent.injectable(), time.monotonic()
            said = agent.say(asked)
            seconds = time.monotonic() - started
            agent.told.add(request)
            own = [f"{name}: {text}" for name, text in files.items() if name in said.injected]
            talked = [f"{role}: {text}" for role, text in agent.session()][:-1]
            chosen = _chosen(said.text, options, listed) if options else Reply(said.text, method=_WRITTEN)
            return replace(
                chosen, tokens_in=said.tokens_in, tokens_out=said.tokens_out,
                tokens_cached=said.tokens_cached, seconds=seconds, actions=agent.actions(),
                read="\n\n".join([*own, *talked]),
            )  # fmt: skip

        return await self._with(exchange, ask)

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        if happened.kind in ("ask", "answer") or not (happened.text.strip() or happened.kind == "forget"):
            return
        await self._with(exchange, lambda agent: self._hears(agent, happened, exchange))

    def _hears(self, agent: LiveAgent, happened: Happening, exchange: Exchange) -> None:
        text, actor = happened.text, happened.actor
        other = actor.id if actor is not None and happened.is_by_another(exchange.known) else ""
        if happened.kind == "edit_profile":
            agent.enter(text)
        elif happened.kind == "document" or actor is None:
            agent.show(text, in_file=happened.kind == "document" and self.documents == "file")
        elif happened.kind == "forget":
            what = f"this and delete it from your memory: {text}"
            everything = "everything about me and delete it from your memory."
            agent.say(f"Please forget {what if text else everything}", other)
        elif happened.kind == "feedback":
            chosen, rejected = (*happened.options, "", "")[:2]
            agent.say(
                f"{text}\nOf these two answers I like the first better.\n1. {chosen}\n2. {rejected}", other
            )
        else:
            agent.told.add(text)
            is_owner = (self.owner == "user") != bool(other)
            agent.say(f"Please remember this: {text}" if self.to_remember and is_owner else text, other)

    async def end_session(self, exchange: Exchange, asker: Asker) -> None:
        if self.new_session == "reset":
            await self._with(exchange, LiveAgent.end_session)

    def set_apart(self, exchange: Exchange) -> None:
        exchange.notes[self.name] = _Apart(exchange.notes.get(self.name))

    async def stored(self, exchange: Exchange) -> list[str]:
        return await self._with(exchange, LiveAgent.stored)

    async def residue(self, text: str, exchange: Exchange) -> list[str]:
        return await self._with(exchange, lambda agent: agent.residue(text))

    async def _with(self, exchange: Exchange, what: Callable[[LiveAgent], _T]) -> _T:
        return await asyncio.to_thread(lambda: what(self._live(exchange)))

    def _live(self, exchange: Exchange) -> LiveAgent:
        held = exchange.notes.get(self.name)
        if isinstance(held, _Apart):
            held = held.of.set_apart() if isinstance(held.of, LiveAgent) else None
        if held is None:
            is_owner = self.owner == "user"
            held = LiveAgent(self._pool(), self._routes(), exchange.known, self.knows, is_owner=is_owner)
        exchange.notes[self.name] = held
        live: LiveAgent = held
        return live

    def _pool(self) -> Pool:
        of_a_sample = _OF_A_SAMPLE - ({"dm_scope"} if self.through == "telegram" else set())
        key = self.model_dump_json(exclude=of_a_sample)
        with _lock:
            if key not in _pools:
                _pools[key] = Pool(self._start, self.at_once, is_shared=self.gateway_for == "everybody")
            return _pools[key]

    def _snapshot(self) -> Snapshot:
        with _lock:  # of two samples that begin at once the second waits for the first one's copy
            return snapshot(Source(Path(self.path), self.agent), installed())

    def _routes(self) -> Routes:
        copied = self._snapshot()
        config = copied.state / CONFIG
        return routes(installed(), config, copied.agent, self.channel, self.dm_scope)

    def _start(self) -> Gateway:
        served = Served(self.model_url, self.model_id, self.model_headers, self.model_key)
        copied = self._snapshot()
        by_telegram = self.through == "telegram"
        copies = self.copies or (1 if copied.agent_folder else _BOTS if by_telegram else _COPIES)
        return Gateway(
            copied, installed(), copies, served, safe=self.tools == "safe", dreams=self.dreams,
            by_telegram=by_telegram, dm_scope=self.dm_scope if by_telegram else "",
        )  # fmt: skip


class _Apart:
    """Where an aside's agent will be: a copy of this one, made when it is first needed."""

    def __init__(self, of: object) -> None:
        self.of = of


def _chosen(said: str, options: Sequence[str], listed: Sequence[str]) -> Reply:
    letter = written_letter(ModelOutput.from_content("openclaw", said.strip()), len(listed))
    shares = dict(zip(listed, letter or [1 / len(listed)] * len(listed), strict=True))
    method = "letter written, 1 order" if letter else "no choice made"
    return Reply(max(options, key=shares.__getitem__), tuple(shares[one] for one in options), method=method)
