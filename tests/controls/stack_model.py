"""A fake model that fails by which layers it reads of: whole studies of factors, with what fails planted.

The layer `mark` writes its mark and the user's id into the system prompt; `stack/NAME` fails a request with
the probability that a planted function gives for the marks, drawn by user, item and marks.
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

from forwhom.systems.layer import Exchange, Layer, paradigm
from tests.controls.fake_api import FakeAPI

Rate = Callable[[str], float]
planted: dict[str, Rate] = {}
"""By model name: the rate of failures under these marks, in the order of the layers ("AC")."""
asked: list[str] = []
"""The marks of every request, in the order of asking."""


@paradigm(name="mark", stages=("context",), source="a test")
class Mark(Layer):
    mark: str = "A"

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        told = f"{messages[0].text} [{self.mark}] <{exchange.known.id}>"
        return [ChatMessageSystem(content=told), *messages[1:]]


class StackAPI(FakeAPI):
    def reply(self, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
        marks = "".join(re.findall(r"\[(\w)\]", messages[0].text))
        user = re.search(r"<(.*?)>", messages[0].text)
        asked.append(marks)
        drawn = crc32(f"{user and user.group(1)}:{messages[-1].text}:{marks}".encode()) / 2**32
        fails = drawn < planted[self.model_name](marks)
        return self.answered("an option", (0.9, 0.1) if fails else (0.1, 0.9))


@modelapi(name="stack")
def stack() -> type[ModelAPI]:
    return StackAPI
