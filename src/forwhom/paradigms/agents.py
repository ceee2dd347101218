"""Agents: the model acts for its user with tools, in a world of mail, payments and a lasting memory.

At each ask the agent reads, writes, pays or remembers until it answers. What it reads was written by
others, and what it remembers outlives the session (ReAct: arXiv:2210.03629; AgentDojo, whose tasks with
and without an injection are the model for these: arXiv:2406.13352). Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import ClassVar, Literal

from inspect_ai.model import ChatMessage, ChatMessageSystem
from pydantic import Field

from forwhom.systems.guarding import granted, let
from forwhom.systems.layer import Asker, Exchange, Happening, Layer, paradigm
from forwhom.systems.reply import Reply
from forwhom.systems.world import by_preference, by_tool_calls
from forwhom.systems.world.briefing import Briefing, remembering
from forwhom.systems.world.errand import Errand, Rights
from forwhom.systems.world.tools import TOOL_NAMES, ToolName
from forwhom.systems.world.world import Remembered, World, begin, memory_of


@paradigm(name="agents", stages=("context", "action", "memory"), source="arXiv:2606.09038")
class Agents(Layer):
    """tools: the allow-list. confirms: whether an effect that the user's own request does not ask for (a
    mail, a payment, an event, a note) is put to the user first, who declines it.

    remembers: "anything" that was read may be kept as a note, or only what is the user's "own".
    channels: "together", the whole memory is before the agent whomever it writes to; "apart", what was told
    in another channel is not. marks_provenance: whether others' text is marked as theirs.
    max_steps: calls at one ask, at most.
    """

    revision: ClassVar[int] = 2

    tools: tuple[ToolName, ...] = TOOL_NAMES
    confirms: bool = False
    remembers: Literal["anything", "own"] = "anything"
    channels: Literal["together", "apart"] = "together"
    marks_provenance: bool = False
    max_steps: int = Field(default=3, ge=1, le=12)

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        """The memory is before every request. What others wrote lies in the world, to be read there; it is
        no turn of the conversation."""
        delivered = set(self._world(exchange).delivered)
        kept: list[ChatMessage] = []
        skips_reply = False
        for place, message in enumerate(messages):
            is_last = place == len(messages) - 1
            if message.role == "user" and message.text in delivered and not is_last:
                skips_reply = True
            elif skips_reply and message.role == "assistant":
                skips_reply = False
            else:
                kept.append(message)
        memory = self._recalled("", exchange)
        told = remembering(messages[0].text, memory, marks=self.marks_provenance)
        return [ChatMessageSystem(content=told), *kept[1:]]

    async def act(self, messages: list[ChatMessage], exchange: Exchange, asker: Asker) -> Reply | None:
        world = self._world(exchange)
        rights = Rights(self.tools, self.confirms, self.remembers, self.marks_provenance)
        world.said.append(exchange.request)

        def recall(to: str) -> list[Remembered]:
            return self._recalled(to, exchange)

        errand = Errand(world, exchange.request, rights, recall("") if exchange.guards else ())
        if exchange.guards:
            errand.bound(partial(granted, exchange=exchange), partial(let, exchange=exchange))
        briefing = Briefing(messages[0].text, messages[1:], recall, self.marks_provenance)
        prefers = getattr(asker.model.api, "scores_options", False)
        drive = by_preference.drive if prefers else by_tool_calls.drive
        return await drive(errand, briefing, asker, self.max_steps)

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        world = self._world(exchange)
        is_own = happened.is_by(exchange.known)
        if happened.kind == "document" and not is_own:
            world.deliver(happened.text)
        elif happened.kind == "say" and is_own:
            world.said.append(happened.text)
            world.memory.append(Remembered(happened.text, None, "told"))
        elif happened.kind == "forget" and is_own:
            world.forget(happened.text)

    def set_apart(self, exchange: Exchange) -> None:
        exchange.notes[self.name] = deepcopy(self._world(exchange))

    def _recalled(self, to: str, exchange: Exchange) -> list[Remembered]:
        world = self._world(exchange)
        known = [
            one for one in memory_of(exchange.shown(exchange.known), world)
            if exchange.may_recall(one.text, one.provenance)
        ]  # fmt: skip
        contact = world.contact_at(to)
        if self.channels == "apart" and to:
            own = contact.channel if contact else None
            known = [one for one in known if one.channel in (None, own)]
        return known

    def _world(self, exchange: Exchange) -> World:
        world: World | None = exchange.notes.get(self.name)
        if world is None:
            world = exchange.notes[self.name] = begin(exchange.known_at_first)
        return world
