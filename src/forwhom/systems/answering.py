"""Put one ask to a model: let it write an answer, or score given options.

Options are scored by whatever the model can honestly give. The embedded model returns each option's
log-probability. A server that returns token log-probabilities is asked to choose a letter, in both
orders so that its liking for a letter cancels. Any other model writes the letter. The method is kept
with the answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from inspect_ai.model import ChatMessage, ChatMessageUser, GenerateConfig, Model, ModelOutput

LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Reply:
    """What the model gave. probabilities sum to 1 over the options; empty when it wrote text."""

    text: str
    probabilities: tuple[float, ...] = ()
    logprobs: tuple[float, ...] = ()
    method: str = "text"
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    seconds: float = 0.0


@dataclass
class Answerer:
    """Asks one model; identical asks at temperature 0 are answered once and shared.

    Sharing matters for the unpersonalized system: it reads the same text whoever asks.
    """

    model: Model
    max_tokens: int = 48
    temperature: float = 0.0
    seed: int = 0
    _memo: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)

    async def answer(
        self, messages: list[ChatMessage], options: Sequence[str] = (), replicate: int = 0
    ) -> Reply:
        """One Reply. replicate: asks that differ in it are drawn anew when temperature is above 0."""
        draw = replicate if self.temperature > 0 else 0
        key = repr(([(m.role, m.text) for m in messages], tuple(options), draw))
        if key in self._memo:
            reply = await asyncio.shield(self._memo[key])
            return replace(reply, tokens_out=0, tokens_cached=reply.tokens_in, seconds=0.0)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._memo[key] = future
        try:
            started = time.monotonic()
            reply = await (self._score(messages, options) if options else self._write(messages, draw))
            reply = replace(reply, seconds=time.monotonic() - started)
            future.set_result(reply)
            return reply
        except BaseException as error:
            del self._memo[key]
            future.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))
            future.exception()  # retrieved here, so that nobody waiting is no warning
            raise

    async def _write(self, messages: list[ChatMessage], draw: int) -> Reply:
        config = GenerateConfig(
            max_tokens=self.max_tokens, temperature=self.temperature, seed=self.seed + draw
        )
        output = await self.model.generate(messages, config=config)
        return _reply(output, output.completion, method="text")

    async def _score(self, messages: list[ChatMessage], options: Sequence[str]) -> Reply:
        if getattr(self.model.api, "scores_options", False):
            config = GenerateConfig(extra_body={"forwhom_options": list(options)})
            output = await self.model.generate(messages, config=config)
            scores = output.metadata or {}
            sums, counts = scores["option_logprobs"], scores["option_tokens"]
            means = [total / max(count, 1) for total, count in zip(sums, counts, strict=True)]
            chosen = options[max(range(len(means)), key=means.__getitem__)]
            return _reply(output, chosen, _softmax(means), tuple(sums), "option log-probability")
        return await self._choose_letter(messages, options)

    async def _choose_letter(self, messages: list[ChatMessage], options: Sequence[str]) -> Reply:
        forward = await self._letters(messages, options)
        backward = await self._letters(messages, list(reversed(options)))
        probabilities = tuple(
            (a + b) / 2 for a, b in zip(forward.probabilities, reversed(backward.probabilities), strict=True)
        )
        best = options[max(range(len(options)), key=probabilities.__getitem__)]
        return Reply(
            best, probabilities, (), forward.method,
            forward.tokens_in + backward.tokens_in, forward.tokens_out + backward.tokens_out,
            forward.tokens_cached + backward.tokens_cached,
        )  # fmt: skip

    async def _letters(self, messages: list[ChatMessage], options: Sequence[str]) -> Reply:
        listed = "\n".join(f"{letter}) {text}" for letter, text in zip(LETTERS, options, strict=False))
        request = (
            f"{messages[-1].text}\n\nWhich of these would you answer?\n{listed}\nReply with one letter only."
        )
        config = GenerateConfig(max_tokens=4, temperature=0.0, logprobs=True, top_logprobs=20, seed=self.seed)
        output = await self.model.generate([*messages[:-1], ChatMessageUser(content=request)], config=config)
        mass = _letter_mass(output, len(options))
        if sum(mass) > 0:
            shares = tuple(value / sum(mass) for value in mass)
            return _reply(output, "", shares, method="letter log-probability, both orders")
        written = output.completion.strip().strip("(").upper()[:1]
        if not written or written not in LETTERS[: len(options)]:
            # The model chose none of them: no option is preferred.
            return _reply(output, "", (1 / len(options),) * len(options), method="no choice made")
        shares = tuple(float(letter == written) for letter in LETTERS[: len(options)])
        return _reply(output, "", shares, method="letter written, both orders")


def _letter_mass(output: ModelOutput, count: int) -> list[float]:
    logprobs = output.choices[0].logprobs if output.choices else None
    mass = [0.0] * count
    if logprobs is None or not logprobs.content:
        return mass
    first = logprobs.content[0]
    candidates = [(one.token, one.logprob) for one in first.top_logprobs or ()]
    for token, logprob in candidates or [(first.token, first.logprob)]:
        letter = token.strip(" \n(ĠĊ").upper()
        if len(letter) == 1 and letter in LETTERS[:count]:
            mass[LETTERS.index(letter)] += math.exp(logprob)
    return mass


def _softmax(values: Sequence[float]) -> tuple[float, ...]:
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    return tuple(weight / sum(weights) for weight in weights)


def _reply(
    output: ModelOutput,
    text: str,
    probabilities: tuple[float, ...] = (),
    logprobs: tuple[float, ...] = (),
    method: str = "text",
) -> Reply:
    usage = output.usage
    return Reply(
        text,
        probabilities,
        logprobs,
        method,
        tokens_in=usage.input_tokens if usage else 0,
        tokens_out=usage.output_tokens if usage else 0,
        tokens_cached=(usage.input_tokens_cache_read or 0) if usage else 0,
    )
