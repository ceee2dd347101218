"""Generate text with llama.cpp in this process, from a rendered prompt."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forwhom.errors import InputError

_SLOTS = 4
_CONTEXT = 2048  # tokens a slot: the context of SmolLM2-135M


@dataclass(frozen=True)
class Generated:
    """text, token counts (prompt, written, of the prompt those reused), and whether it was cut off."""

    text: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    is_truncated: bool


class LlamaEngine:
    """A llama.cpp server inside this process, reached by function calls. Loads in under a second."""

    def __init__(self, gguf: Path) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(gguf)
        params.n_ctx = _CONTEXT * _SLOTS
        params.n_parallel = _SLOTS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 2
        params.verbosity = -1
        params.warmup = False
        try:
            self._server: Any = xllamacpp.Server(params)
        except Exception as error:
            raise InputError(f"{gguf}: llama.cpp cannot load this model: {error}") from None

    async def generate(
        self, prompt: str, max_tokens: int, temperature: float, seed: int, stop: list[str]
    ) -> Generated:
        """Continue `prompt`. Deterministic at temperature 0."""
        request = {
            "prompt": prompt, "max_tokens": max_tokens, "temperature": temperature, "seed": seed,
            "stop": stop, "cache_prompt": True,
        }  # fmt: skip
        result: dict[str, Any] = await asyncio.to_thread(self._server.handle_completions, request)
        if "choices" not in result:
            raise RuntimeError(f"llama.cpp: {result.get('error', result)}")
        choice, usage = result["choices"][0], result["usage"]
        return Generated(
            text=choice["text"].strip(),
            tokens_in=int(usage["prompt_tokens"]),
            tokens_out=int(usage["completion_tokens"]),
            tokens_cached=int(usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)),
            is_truncated=choice["finish_reason"] == "length",
        )
