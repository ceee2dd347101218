"""The model behind an OpenClaw agent, as Inspect names it: it is there to be named, and is not called.

What is asked of such a system is asked of the agent (layer.py), which calls its model itself.
"""

from __future__ import annotations

from typing import Any

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput

from forwhom.errors import InputError


class AgentsModelAPI(ModelAPI):
    """`openclaw/NAME`; raises InputError when it is called."""

    async def generate(
        self, input: list[ChatMessage], tools: Any, tool_choice: Any, config: GenerateConfig
    ) -> ModelOutput:
        raise InputError(
            f"openclaw/{self.model_name} is what an agent has behind it, and cannot be asked without it: "
            "--system openclaw:PATH."
        )
