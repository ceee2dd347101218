"""The Inspect provider of the embedded model: one set of weights, two engines.

llama.cpp writes answers; torch scores options, and does both where a layer has changed the weights.
Inspect hands over one request at a time, so the concurrent ones are collected for a moment and done
together: those of the same weights, grouped by the prefix they share.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from threading import Event
from typing import TYPE_CHECKING, Any

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from forwhom.errors import InputError
from forwhom.systems.models.chatml import TURN_END, render
from forwhom.systems.models.llama_engine import LlamaEngine
from forwhom.systems.models.llama_server import Generated, Prompt
from forwhom.systems.models.torch_job import Done, Job
from forwhom.systems.models.weights import gguf_path, torch_folder
from forwhom.systems.weights import Weights, announced

if TYPE_CHECKING:
    from forwhom.systems.models.prefix_scorer import OptionScores
    from forwhom.systems.models.torch_engine import TorchEngine

WITHOUT_TORCH = (
    "Scoring options by log-probability needs the weights in torch, which is not installed.\n"
    "Install it with: pip install torch==2.13.0 'forwhom[weights]'\n"
    "Without it, only the probes that read written answers run (see: forwhom probes)."
)
WITHOUT_EYES = (
    "The embedded model has no eyes. Set 'sees: text' of the layer 'multimodal' (pictures are read to it),\n"
    "or name a model that takes images, as with --model openai/MODEL."
)
_MOMENT = 0.02  # seconds to wait for requests that come together


def can_score_options(model: str) -> bool:
    """Whether the Inspect model of this name can be asked which option it prefers; loads nothing.

    The embedded one scores them with torch, which is an extra; every other model chooses a letter.
    """
    return not model.startswith("forwhom/") or bool(find_spec("torch") and find_spec("transformers"))


class EmbeddedAPI(ModelAPI):
    """`forwhom/smollm2`, `forwhom/smollm2-safe`, or `forwhom/PATH.gguf` for other weights with ChatML.

    Options are scored when the request's extra_body has "forwhom_options", a list of texts: the reply
    is the one of highest mean log-probability per token, its metadata hold every option's summed
    log-probability ("option_logprobs") and token count ("option_tokens"). "forwhom_weights" there is the
    key of announced weights (systems/weights.py); "forwhom_observe" what is to be read of their fit.
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
        self._engine: TorchEngine | None = None
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._waiting: list[tuple[Job, asyncio.Future[Done]]] = []
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
        if any(part.type == "image" for message in input for part in _parts(message)):
            raise InputError(WITHOUT_EYES)
        wish = config.extra_body or {}
        options = tuple(str(option) for option in wish.get("forwhom_options", ()))
        weights = announced(wish["forwhom_weights"]) if wish.get("forwhom_weights") else Weights()
        prompt = Prompt(
            *render(input), config.max_tokens or 128, config.temperature or 0.0, config.seed or 0,
            (TURN_END, *(config.stop_seqs or ())),
        )  # fmt: skip
        if options or weights.changes or wish.get("forwhom_observe"):
            done = await self._by_torch(Job(prompt, options, weights, str(wish.get("forwhom_observe", ""))))
            output = self._chosen(options, done.scores) if done.scores else self._said(done.written)
            output.metadata = (output.metadata or {}) | {
                "fits": [fit.as_row() for fit in done.fits],
                "observed": list(done.observed),
            }
            return output
        if self._llama is None:
            self._llama = LlamaEngine(self._gguf)
        return self._said(await self._llama.generate(prompt))

    async def _by_torch(self, job: Job) -> Done:
        self._engine_module()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # Inspect starts a new event loop for every eval
            self._loop, self._collector, self._waiting = loop, None, []
        future: asyncio.Future[Done] = loop.create_future()
        self._waiting.append((job, future))
        if self._collector is None or self._collector.done():
            self._collector = asyncio.create_task(self._collect())
        return await future

    async def _collect(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(_MOMENT)
        while self._waiting:
            batch = self._same_weights()
            stop = Event()
            try:
                done = await loop.run_in_executor(self._worker, self._do, [job for job, _ in batch], stop)
            except asyncio.CancelledError:  # Ctrl-C need not wait for the whole batch
                stop.set()  # first, for what has not begun
                if self._engine is not None:
                    self._engine.cancel()
                raise
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), one in zip(batch, done, strict=True):
                if not future.done():
                    future.set_result(one)
            await asyncio.sleep(_MOMENT)

    def _same_weights(self) -> list[tuple[Job, asyncio.Future[Done]]]:
        """Take what waits for the weights that the model has, else what waits for the oldest's."""
        waiting = [(job, future) for job, future in self._waiting if not future.done()]
        keys = {job.weights.key for job, _ in waiting}
        held = self._engine.weights_key if self._engine is not None else ""
        key = held if held in keys or not waiting else waiting[0][0].weights.key
        self._waiting = [one for one in waiting if one[0].weights.key != key]
        return [one for one in waiting if one[0].weights.key == key]

    def _do(self, jobs: list[Job], stop: Event) -> list[Done]:
        if self._engine is None:
            self._engine = self._engine_module().TorchEngine(self.model_name)
        done: list[Done] = self._engine.do(jobs, stop)
        return done

    def _chosen(self, options: tuple[str, ...], scores: OptionScores) -> ModelOutput:
        means = [a / max(n, 1) for a, n in zip(scores.logprobs, scores.tokens, strict=True)]
        best = max(range(len(options)), key=means.__getitem__)
        output = self._output(options[best], scores.prompt_tokens, 0, scores.cached_tokens)
        output.metadata = {
            "option_logprobs": list(scores.logprobs),
            "option_tokens": list(scores.tokens),
        }
        return output

    def _said(self, written: Generated | None) -> ModelOutput:
        if written is None:  # an observation: nothing was said
            return self._output("", 0, 0, 0)
        return self._output(
            written.text, written.tokens_in, written.tokens_out, written.tokens_cached,
            stop="max_tokens" if written.is_truncated else "stop",
        )  # fmt: skip

    def _engine_module(self) -> Any:
        if not can_score_options(f"forwhom/{self.model_name}"):
            raise InputError(WITHOUT_TORCH)
        from forwhom.systems.models import torch_engine

        return torch_engine

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


def _parts(message: ChatMessage) -> list[Content]:
    return [] if isinstance(message.content, str) else message.content


_tokenizers: dict[str, Any] = {}


def _tokenizer(model: str) -> Any:
    if model not in _tokenizers:
        from transformers import AutoTokenizer

        _tokenizers[model] = AutoTokenizer.from_pretrained(torch_folder(model))
    return _tokenizers[model]
