"""The Inspect provider of the embedded model: one set of weights, two engines.

llama.cpp writes answers; torch scores options. Inspect hands over one request at a time, so the
concurrent ones are collected for a moment and scored together, grouped by the prefix they share.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from forwhom.errors import InputError
from forwhom.systems.models.chatml import TURN_END, render
from forwhom.systems.models.llama_engine import LlamaEngine
from forwhom.systems.models.llama_server import Prompt
from forwhom.systems.models.weights import gguf_path, torch_folder

if TYPE_CHECKING:
    from forwhom.systems.models.prefix_scorer import OptionScores, PrefixScorer, ScoreRequest

WITHOUT_TORCH = (
    "Scoring options by log-probability needs the weights in torch, which is not installed.\n"
    "Install it with: pip install torch==2.13.0 'forwhom[weights]'\n"
    "Without it, only the probes that read written answers run (see: forwhom probes)."
)
_MOMENT = 0.02  # seconds to wait for requests that come together


def can_score_options(model: str) -> bool:
    """Whether the Inspect model of this name can be asked which option it prefers; loads nothing.

    The embedded one scores them with torch, which is an extra; every other model chooses a letter.
    """
    return not model.startswith("forwhom/") or bool(find_spec("torch") and find_spec("transformers"))


class EmbeddedAPI(ModelAPI):
    """`forwhom/smollm2`, or `forwhom/PATH.gguf` for other weights with the ChatML template.

    Options are scored when the request's extra_body has "forwhom_options", a list of texts: the reply
    is the one of highest mean log-probability per token, its metadata hold every option's summed
    log-probability ("option_logprobs") and token count ("option_tokens").
    """

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
        self._gguf = gguf_path(model_name)
        self._llama: LlamaEngine | None = None
        self._scorer: PrefixScorer | None = None
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._waiting: list[tuple[ScoreRequest, asyncio.Future[OptionScores]]] = []
        self._collector: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        if tools:
            raise InputError("forwhom/smollm2 cannot call tools; name another model with --model.")
        options = (config.extra_body or {}).get("forwhom_options")
        if options:
            return await self._choose(input, tuple(str(option) for option in options))
        if self._llama is None:
            self._llama = LlamaEngine(self._gguf)
        written = await self._llama.generate(Prompt(
            *render(input), config.max_tokens or 128, config.temperature or 0.0, config.seed or 0,
            (TURN_END, *(config.stop_seqs or ())),
        ))  # fmt: skip
        return self._output(
            written.text, written.tokens_in, written.tokens_out, written.tokens_cached,
            stop="max_tokens" if written.is_truncated else "stop",
        )  # fmt: skip

    async def _choose(self, messages: list[ChatMessage], options: tuple[str, ...]) -> ModelOutput:
        from_torch = self._torch()
        request = from_torch.ScoreRequest(*render(messages), options)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # Inspect starts a new event loop for every eval
            self._loop, self._collector, self._waiting = loop, None, []
        future: asyncio.Future[OptionScores] = loop.create_future()
        self._waiting.append((request, future))
        if self._collector is None or self._collector.done():
            self._collector = asyncio.create_task(self._collect())
        scores = await future
        means = [a / max(n, 1) for a, n in zip(scores.logprobs, scores.tokens, strict=True)]
        best = max(range(len(options)), key=means.__getitem__)
        output = self._output(options[best], scores.prompt_tokens, 0, scores.cached_tokens)
        output.metadata = {
            "option_logprobs": list(scores.logprobs),
            "option_tokens": list(scores.tokens),
        }
        return output

    async def _collect(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(_MOMENT)
        while self._waiting:
            batch = [(request, future) for request, future in self._waiting if not future.done()]
            self._waiting = []
            try:
                scores = await loop.run_in_executor(
                    self._worker, self._score, [request for request, _ in batch]
                )
            except asyncio.CancelledError:  # Ctrl-C need not wait for the whole batch
                if self._scorer is not None:
                    self._scorer.cancel()
                raise
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), one in zip(batch, scores, strict=True):
                if not future.done():
                    future.set_result(one)
            await asyncio.sleep(_MOMENT)

    def _score(self, requests: list[ScoreRequest]) -> list[OptionScores]:
        if self._scorer is None:
            self._scorer = self._torch().PrefixScorer(torch_folder(self.model_name))
        scored: list[OptionScores] = self._scorer.score(requests)
        return scored

    def _torch(self) -> Any:
        if not can_score_options(f"forwhom/{self.model_name}"):
            raise InputError(WITHOUT_TORCH)
        from forwhom.systems.models import prefix_scorer

        return prefix_scorer

    def _output(
        self, text: str, tokens_in: int, tokens_out: int, cached: int, stop: Any = "stop"
    ) -> ModelOutput:
        message = ChatMessageAssistant(content=text, model=self.model_name, source="generate")
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason=stop)],
            usage=ModelUsage(  # Inspect counts what came from a cache apart
                input_tokens=tokens_in - cached, output_tokens=tokens_out,
                total_tokens=tokens_in + tokens_out, input_tokens_cache_read=cached,
            ),
        )  # fmt: skip

    async def count_text_tokens(self, text: str) -> int:
        """Tokens of `text` by the embedded tokenizer; by its bytes (one in four) without torch."""
        if not can_score_options(f"forwhom/{self.model_name}"):
            return max(1, len(text.encode()) // 4)
        return len(_tokenizer(self.model_name)(text, add_special_tokens=False)["input_ids"])

    def max_connections(self) -> int:
        return 96

    def connection_key(self) -> str:
        return f"forwhom/{self.model_name}"


_tokenizers: dict[str, Any] = {}


def _tokenizer(model: str) -> Any:
    if model not in _tokenizers:
        from transformers import AutoTokenizer

        _tokenizers[model] = AutoTokenizer.from_pretrained(torch_folder(model))
    return _tokenizers[model]
