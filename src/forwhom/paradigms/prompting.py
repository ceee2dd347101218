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

from forwhom.systems.layer import Exchange, Layer, paradigm
from forwhom.users.representations import Representation, render


@paradigm(name="prompting", stages=("context",), source="arXiv:2606.09038")
class Prompting(Layer):
    """representation: how the user is rendered. placement: where the rendering goes.

    shots: with few_shot, how many preferred answers from the user's history are shown as turns; the
    representation is then not written into the system prompt.
    """

    representation: Representation = "profile"
    placement: Literal["system", "few_shot"] = "system"
    shots: int = 3

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        if exchange.known.is_neutral:
            return messages
        if self.placement == "few_shot":
            return [messages[0], *self._history(exchange), *messages[1:]]
        rendered = render(exchange.known, self.representation)
        told = f"{messages[0].text}\nWhat you know about the user you are talking to:\n{rendered}"
        return [ChatMessageSystem(content=told), *messages[1:]]

    def _history(self, exchange: Exchange) -> list[ChatMessage]:
        turns: list[ChatMessage] = []
        for preference in exchange.known.preferences[: self.shots]:
            turns += [
                ChatMessageUser(content=preference.prompt),
                ChatMessageAssistant(content=preference.chosen),
            ]
        return turns
