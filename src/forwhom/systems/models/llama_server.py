"""One llama.cpp server whose text depends on the prompt alone, not on what it was asked before.

Two things make llama.cpp's text depend on its past. Requests that run together share a batch, and the
batch's shape changes the last bits of the arithmetic: so a server has one slot and one thread, and
takes one request at a time. And the tokens that a prompt has in common with the one before are not
computed again, so that they come from a batch of another shape: so before every prompt the slot is
brought to a state that follows from the prompt's prefix alone.

It is done by a token that begins no turn. That token alone: the slot forgets all. The prefix and that
token: the prefix is computed, in one batch, or else cut back to where it ends. What follows the prefix
is then always computed anew. The price is one token a request, 7 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from forwhom.errors import InputError

_CONTEXT = 2048  # tokens: the context of SmolLM2-135M
_BEGINS_NO_TURN = "<|endoftext|>"


@dataclass(frozen=True)
class Generated:
    """text, token counts (prompt, written, of the prompt those reused), and whether it was cut off."""

    text: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    is_truncated: bool


@dataclass(frozen=True)
class Prompt:
    """A rendered prompt. prefix: what other prompts share; whole turns, so that no token spans its end."""

    prefix: str
    tail: str
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


class LlamaServer:
    """Not thread-safe: one request at a time. Loads in about 0.3 s.

    prefix: the one whose computation it holds; None when it holds none.
    """

    def __init__(self, gguf: Path) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(gguf)
        params.n_ctx = _CONTEXT
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        # Without it a core writes 9 % faster, and fewer sums depend on the batch's shape.
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.cache_ram_mib = 0  # no store of earlier prompts behind the slot
        # It cannot be kept from listening on a loopback port: nobody else is to ask it, or to read its slot.
        params.api_keys = [token_urlsafe()]
        params.endpoint_slots = params.ui = False
        params.verbosity = -1
        params.warmup = False
        try:
            self._server: Any = xllamacpp.Server(params)
        except Exception as error:
            raise InputError(f"{gguf}: llama.cpp cannot load this model: {error}") from None
        self.prefix: str | None = None

    def generate(self, prompt: Prompt) -> Generated:
        """Continue `prompt`. At temperature 0 the same prompt gives the same text on any server."""
        is_known = self.prefix == prompt.prefix
        if not is_known:
            self.prefix = None  # an error below leaves a state that nobody knows
            self._complete(_BEGINS_NO_TURN, max_tokens=0)
        self._complete(prompt.prefix + _BEGINS_NO_TURN, max_tokens=0)
        self.prefix = prompt.prefix
        result = self._complete(
            prompt.prefix + prompt.tail, max_tokens=prompt.max_tokens, stop=list(prompt.stop),
            temperature=prompt.temperature, seed=prompt.seed,
        )  # fmt: skip
        choice, usage = result["choices"][0], result["usage"]
        # The prefix's first computation was for this request: nothing was saved.
        cached = int(usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)) if is_known else 0
        return Generated(
            text=choice["text"].strip(),
            tokens_in=int(usage["prompt_tokens"]),
            tokens_out=int(usage["completion_tokens"]),
            tokens_cached=cached,
            is_truncated=choice["finish_reason"] == "length",
        )

    def _complete(self, text: str, **settings: Any) -> dict[str, Any]:
        request = {"prompt": text, "cache_prompt": True, **settings}
        result: dict[str, Any] = self._server.handle_completions(request)
        if "choices" not in result:
            self.prefix = None
            raise RuntimeError(f"llama.cpp: {result.get('error', result)}")
        return result
