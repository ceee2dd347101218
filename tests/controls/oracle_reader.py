"""A fake model that answers by a rule on what it reads: a planted failure where the small model has none.

`reader/NAME` gives what the rule planted under NAME returns: one of the options, or the text that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput, modelapi

from tests.controls.fake_api import FakeAPI

Rule = Callable[[str, str, Sequence[str]], str]
planted: dict[str, Rule] = {}
"""By model name: (what stands before the request, the request, the options) to the answer."""
_SURE = 0.9


class ReaderAPI(FakeAPI):
    """Is sure of whatever its rule says."""

    def reply(self, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
        options: list[str] = (config.extra_body or {}).get("forwhom_options", [])
        read = "\n".join(message.text for message in messages[:-1])
        answer = planted[self.model_name](read, messages[-1].text, options)
        left = (1 - _SURE) / max(1, len(options) - 1)
        return self.answered(answer, [_SURE if option == answer else left for option in options])


@modelapi(name="reader")
def reader() -> type[ModelAPI]:
    return ReaderAPI
