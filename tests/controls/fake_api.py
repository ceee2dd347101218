"""What fake models share: options scored with given probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo


class FakeAPI(ModelAPI):
    """A model that scores options, as the embedded one does."""

    scores_options = True

    def reply(self, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
        """What it says to `messages`."""
        raise NotImplementedError

    async def generate(
        self,
        input: list[ChatMessage],
        tools: Sequence[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        return self.reply(input, config)

    async def count_text_tokens(self, text: str) -> int:
        return len(text.split())

    def answered(self, text: str, chances: Sequence[float] = ()) -> ModelOutput:
        """`text`, and with it the probability of each option, if there are any."""
        output = ModelOutput.from_content(self.model_name, text)
        if chances:
            logprobs = [log(chance) for chance in chances]
            output.metadata = {"option_logprobs": logprobs, "option_tokens": [1] * len(logprobs)}
        return output
