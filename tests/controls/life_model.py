"""A fake model that fails by how much it remembers: whole studies of lives, with what grows planted.

The layer `diary` counts the sessions of which it remembers something and writes their number, and the user's
id, into the system prompt; `life/NAME` fails a request with the probability that a planted function gives for
that number, drawn by user, item and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from zlib import crc32

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    modelapi,
)

from forwhom.systems.layer import Exchange, Happening, Layer, paradigm
from tests.controls.fake_api import FakeAPI

Risk = Callable[[int], float]
planted: dict[str, Risk] = {}
"""By model name: the rate of failures of who remembers so many sessions; 0: without the layer."""
asked: list[str] = []
"""Every request that was put to the model, in order."""


@paradigm(name="diary", stages=("context", "memory"), source="a test")
class Diary(Layer):
    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        days = len(exchange.notes.get(self.name, ()))
        told = f"{messages[0].text} [{days}] <{exchange.known.id}>"
        return [ChatMessageSystem(content=told), *messages[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        exchange.notes.setdefault(self.name, set()).add(exchange.session)


class LifeAPI(FakeAPI):
    def reply(self, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
        asked.append(messages[-1].text)
        options = (config.extra_body or {}).get("forwhom_options", ())
        if len(options) != 2:
            even = [1 / len(options)] * len(options) if options else ()
            return self.answered("Certainly.", even)
        found = re.search(r"\[(\d+)\] <(.*?)>", messages[0].text)
        days, user = (int(found.group(1)), found.group(2)) if found else (0, "")
        drawn = crc32(f"{user}:{messages[-1].text}:{days}".encode()) / 2**32
        fails = drawn < planted[self.model_name](days)
        return self.answered("an option", (0.9, 0.1) if fails else (0.1, 0.9))


@modelapi(name="life")
def life() -> type[ModelAPI]:
    return LifeAPI
