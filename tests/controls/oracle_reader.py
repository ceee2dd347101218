"""A fake model that answers by a rule on what it reads: a planted failure where the small model has none.

`reader/NAME` gives what the rule planted under NAME returns: one of the options, or the text that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput, modelapi
from inspect_ai.tool import ToolChoice, ToolInfo

Rule = Callable[[str, str, Sequence[str]], str]
planted: dict[str, Rule] = {}
"""By model name: (what stands before the request, the request, the options) to the answer."""
_SURE = 0.9


class ReaderAPI(ModelAPI):
    """Is sure of whatever its rule says."""

    scores_options = True

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's signature
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)

    async def generate(
        self,
        input: list[ChatMessage],
        tools: Sequence[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        options: list[str] = (config.extra_body or {}).get("forwhom_options", [])
        read = "\n".join(message.text for message in input[:-1])
        answer = planted[self.model_name](read, input[-1].text, options)
        output = ModelOutput.from_content(self.model_name, answer)
        if options:
            left = (1 - _SURE) / (len(options) - 1)
            logprobs = [log(_SURE if option == answer else left) for option in options]
            output.metadata = {"option_logprobs": logprobs, "option_tokens": [1] * len(options)}
        return output


@modelapi(name="reader")
def reader() -> type[ModelAPI]:
    return ReaderAPI
