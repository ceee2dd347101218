"""Ask a model for one word before a study asks it thousands of questions.

Inspect goes on asking a server that does not answer, at ever longer intervals, which is right in the
middle of a study and wrong at its start, where the address or the key is the likely fault.
"""

from __future__ import annotations

import asyncio

from inspect_ai.model import GenerateConfig, Model, get_model
from rich.markup import render

from forwhom.errors import InputError
from forwhom.systems.models.smollm2_api import WITHOUT_TORCH, can_score_options
from forwhom.systems.models.weights import SAFE, torch_folder

_SECONDS = 30
# These hold their weights or start their server themselves: nothing to reach, and long to load.
_IN_PROCESS = {"forwhom", "hf", "mockllm", "nnterp", "none", "openclaw", "sglang", "transformer_lens", "vllm"}


def check_reachable(name: str) -> None:
    """Returns when the Inspect model `name` answers; raises InputError within half a minute if not.

    The safe model is made here, where it is not yet.
    """
    if name == f"forwhom/{SAFE}":
        if not can_score_options(name):
            raise InputError(WITHOUT_TORCH)
        torch_folder(SAFE)
    if name.split("/")[0] in _IN_PROCESS:
        return
    try:
        model = get_model(name, memoize=False)  # its connections belong to the event loop below
        where = f" at {model.api.base_url}" if model.api.base_url else ""
    except Exception as error:
        said = render(str(error)).plain  # Inspect marks up what it says for the terminal
        hint = "" if "/" in name else " The embedded model is called forwhom/smollm2."
        raise InputError(f"model '{name}': {said}{hint}") from error
    try:
        asyncio.run(_ask(model))
    except Exception as error:
        raise InputError(
            f"model '{name}'{where} does not answer: {_reason(error)}\n"
            "Is the server running, and are its address and key right? They are environment variables: "
            "OPENAI_BASE_URL and OPENAI_API_KEY for openai/MODEL, NAME_BASE_URL and NAME_API_KEY for "
            "openai-api/NAME/MODEL."
        ) from error


async def _ask(model: Model) -> None:
    config = GenerateConfig(max_tokens=16, max_retries=0, attempt_timeout=_SECONDS)
    try:
        await model.generate("Say yes.", config=config)
    finally:
        await model.api.aclose()


def _reason(error: BaseException) -> str:
    """What the provider said, without Inspect's wrapping of it."""
    while error.__cause__ is not None and not hasattr(error, "provider_message"):
        error = error.__cause__
    return str(getattr(error, "provider_message", None) or error)
