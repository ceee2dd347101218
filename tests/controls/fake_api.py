"""What fake models share: options scored with given probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from inspect_ai.model import ModelAPI, ModelOutput


class FakeAPI(ModelAPI):
    """A model that scores options, as the embedded one does."""

    scores_options = True

    async def count_text_tokens(self, text: str) -> int:
        return len(text.split())

    def answered(self, text: str, chances: Sequence[float] = ()) -> ModelOutput:
        """`text`, and with it the probability of each option, if there are any."""
        output = ModelOutput.from_content(self.model_name, text)
        if chances:
            logprobs = [log(chance) for chance in chances]
            output.metadata = {"option_logprobs": logprobs, "option_tokens": [1] * len(logprobs)}
        return output
