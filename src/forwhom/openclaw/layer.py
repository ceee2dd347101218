"""OpenClaw as a layer: it is said what happens, it is asked what is asked, and it answers in a model's place.

What it reads and keeps is its own affair (a black box). A script's events become what people do with an
agent: a message, a file to read, a new session, a request to forget. Answers of before that a script gives
are acknowledged by fixed words for other systems; here the agent answers everything itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import ClassVar, Literal, TypeVar
from zlib import crc32

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ModelOutput,
)
from pydantic import Field

from forwhom.errors import InputError
from forwhom.openclaw.agent import LiveAgent
from forwhom.openclaw.client import Said
from forwhom.openclaw.files import Knows
from forwhom.openclaw.gateway import Gateway
from forwhom.openclaw.installation import Installation, installed
from forwhom.openclaw.pool import Pool
from forwhom.openclaw.sealing import Served
from forwhom.openclaw.snapshot import CONFIG, Source, check_path, content_hash, snapshot
from forwhom.systems.layer import Asker, Exchange, Happening, Layer, Stage, register_layer
from forwhom.systems.letters import letter_request, written_letter
from forwhom.systems.reply import Reply

_T = TypeVar("_T")
_pools: dict[str, Pool] = {}
_lock = Lock()


@register_layer
class OpenClaw(Layer):
    """path: a state folder (~/.openclaw) or a workspace, of which throw-away copies are made.

    agent: by name, where there are several. knows: where the agent is told of its user. documents: whether
    what a third party wrote is a file to read or in the message. new_session: whether a new session is begun
    as by /new, or the person just writes again later, which with OpenClaw's defaults goes on with the same
    conversation. to_remember: whether what is said is said with the wish to remember it. dm_scope, channel:
    how messages of several people are put in sessions (session.dmScope), "" for as it is configured.

    tools: "safe" denies those that reach beyond the workspace (programs, network, messages), "own" leaves the
    agent's own policy as it is: what it is told to do, it may then do on this machine. dreams: whether it
    consolidates memory on its schedule.

    model_url, model_id, model_headers, model_key: an OpenAI-compatible server in place of the agent's own
    provider; ${NAME} in a header or key stands for a variable of the environment.
    copies: samples that one gateway serves; 1 starts a gateway for every sample. at_once: samples at a time.
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
    dm_scope: Literal["", "main", "per-peer", "per-channel-peer", "per-account-channel-peer"] = ""
    channel: str = "telegram"
    tools: Literal["safe", "own"] = "safe"
    dreams: bool = False
    model_url: str = ""
    model_id: str = ""
    model_headers: dict[str, str] = Field(default_factory=dict)
    model_key: str = ""
    copies: int = Field(default=100, ge=1)
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
        try:
            if not self.model_url and not (check_path(Path(self.path)) / CONFIG).is_file():
                return (f"openclaw:{self.path}: is a workspace, which says nothing of a model: give one with "
                        "--model NAME --model-base-url URL (or model_id and model_url).")  # fmt: skip
            check_path(Path(self.path))
            installed()
        except InputError as error:
            return str(error)
        return ""

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        """What the agent's model reads besides OpenClaw's own instructions, with the request at the end."""

        def read(agent: LiveAgent) -> list[ChatMessage]:
            for one in messages[
                1:-1
            ]:  # said before in the same session; what the assistant is to have said is not
                if isinstance(one, ChatMessageUser) and one.text not in agent.told:
                    agent.say(one.text)
            return [_message(role, text) for role, text in agent.read()]

        return [*await self._with(exchange, read), messages[-1]]

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
            said = agent.say(asked)
            agent.told.add(request)
            return self._reply(said, options, listed, agent)

        return await self._with(exchange, ask)

    def _reply(self, said: Said, options: Sequence[str], listed: Sequence[str], agent: LiveAgent) -> Reply:
        text, method = said.text, "an agent's answer"
        probabilities: tuple[float, ...] = ()
        if options:
            chosen = written_letter(ModelOutput.from_content("openclaw", text.strip()), len(listed))
            method = "letter written, 1 order" if chosen else "no choice made"
            shares = dict(zip(listed, chosen or [1 / len(listed)] * len(listed), strict=True))
            probabilities = tuple(shares[one] for one in options)
            text = max(options, key=shares.__getitem__)
        return Reply(
            text, probabilities, method=method, tokens_in=said.tokens_in, tokens_out=said.tokens_out,
            tokens_cached=said.tokens_cached, actions=agent.actions(),
        )  # fmt: skip

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
            agent.say(f"Please remember this: {text}" if self.to_remember else text, other)

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
            held = LiveAgent(self._pool(), exchange.known, self.knows)
        exchange.notes[self.name] = held
        live: LiveAgent = held
        return live

    def _pool(self) -> Pool:
        key = self.model_dump_json(exclude={"knows", "documents", "new_session", "to_remember"})
        with _lock:
            if key not in _pools:
                _pools[key] = Pool(self._start, self.at_once)
            return _pools[key]

    def _start(self) -> Gateway:
        openclaw: Installation = installed()
        copied = snapshot(Source(Path(self.path), self.agent, self.dm_scope, self.channel), openclaw)
        served = Served(self.model_url, self.model_id, self.model_headers, self.model_key)
        return Gateway(copied, openclaw, self.copies, served, safe=self.tools == "safe", dreams=self.dreams)


class _Apart:
    """Where an aside's agent will be: a copy of this one, made when it is first needed."""

    def __init__(self, of: object) -> None:
        self.of = of


def _message(role: str, text: str) -> ChatMessage:
    if role == "user":
        return ChatMessageUser(content=text)
    return ChatMessageSystem(content=text) if role == "system" else ChatMessageAssistant(content=text)
