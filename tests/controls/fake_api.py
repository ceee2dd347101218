"""What fake models share: a constructor as Inspect calls it, and options scored with given probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput


class FakeAPI(ModelAPI):
    """A model that scores options, as the embedded one does."""

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

    def answered(self, text: str, chances: Sequence[float] = ()) -> ModelOutput:
        """`text`, and with it the probability of each option, if there are any."""
        output = ModelOutput.from_content(self.model_name, text)
        if chances:
            logprobs = [log(chance) for chance in chances]
            output.metadata = {"option_logprobs": logprobs, "option_tokens": [1] * len(logprobs)}
        return output
