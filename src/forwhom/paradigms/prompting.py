"""Prompting: what is known of the user is written into the context.

Two placements: in the system prompt (any of the four representations), or as few-shot turns made of
the answers that the user preferred before. Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from typing import Literal

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
)

from forwhom.systems.layer import Exchange, Happening, Layer, paradigm
from forwhom.users.representations import Representation, introduced
from forwhom.users.user import User

_COMPILED = "prompting:compiled"


@paradigm(name="prompting", stages=("context", "memory"), source="arXiv:2606.09038")
class Prompting(Layer):
    """representation: how the user is rendered. placement: where the rendering goes.

    shots: with few_shot, how many preferred answers from the user's history are shown as turns; the
    representation is then not written into the system prompt.
    refreshed: "never" keeps the user as they were known when the first session ended, like a rendering
    that is cached and not made anew when something is entered or deleted.
    """

    representation: Representation = "profile"
    placement: Literal["system", "few_shot"] = "system"
    shots: int = 3
    refreshed: Literal["always", "never"] = "always"

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        known = exchange.shown(self._known(exchange))
        if known.is_neutral:
            return messages
        if self.placement == "few_shot":
            return [messages[0], *self._history(known), *messages[1:]]
        told = introduced(messages[0].text, known, self.representation)
        return [ChatMessageSystem(content=told, metadata=messages[0].metadata), *messages[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        if happened.session == 1:
            exchange.notes[_COMPILED] = exchange.known

    def _known(self, exchange: Exchange) -> User:
        if self.refreshed == "always":
            return exchange.known
        compiled: User = exchange.notes.get(_COMPILED, exchange.known_at_first)
        return compiled

    def _history(self, known: User) -> list[ChatMessage]:
        turns: list[ChatMessage] = []
        for preference in known.preferences[: self.shots]:
            turns += [
                ChatMessageUser(content=preference.prompt),
                ChatMessageAssistant(content=preference.chosen),
            ]
        return turns
