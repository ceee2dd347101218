"""Put one ask to a model: let it write an answer, or score given options.

Options are scored by whatever the model can honestly give. The embedded model returns each option's
log-probability. A server that returns token log-probabilities is asked to choose a letter, in as many
orders as there are options so that its liking for a letter cancels. Any other model writes the letter.
The method is kept with the answer.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, replace

from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    ContentText,
    GenerateConfig,
    Model,
    ModelOutput,
)

from forwhom.systems.letters import (
    letter_logprobs,
    letter_request,
    mean_over_rotations,
    rotations,
    written_letter,
)
from forwhom.systems.reply import Reply, as_reply, together

_TOP_LOGPROBS = (20, 5)  # token log-probabilities to ask for: what most servers give, what some allow
_BRIEF = 16  # tokens for a letter; OpenAI refuses fewer
_ROOM = 1024  # for a model that thinks before it writes the letter
_REFUSED = (400, 422)  # HTTP status of a request that asks for what the server does not offer


@dataclass
class Answerer:
    """Asks one model; identical asks at temperature 0 are answered once and shared.

    Sharing matters for the unpersonalized system, which reads the same text whoever asks, and for the
    neutral user, of whom every system is told nothing. answered: replies that other Answerers of the same
    run share; it outlives their event loops.
    """

    model: Model
    max_tokens: int = 48
    temperature: float = 0.0
    seed: int = 0
    answered: MutableMapping[str, Reply] = field(default_factory=dict)
    _asking: dict[str, asyncio.Future[Reply]] = field(default_factory=dict)
    _looking: dict[tuple[str, str], asyncio.Task[tuple[float, ...]]] = field(default_factory=dict)
    _top_logprobs: tuple[int, ...] = _TOP_LOGPROBS  # those that the server has not refused

    async def answer(
        self,
        messages: list[ChatMessage],
        options: Sequence[str] = (),
        replicate: int = 0,
        weights: str = "",
    ) -> Reply:
        """One Reply. replicate: asks that differ in it are drawn anew when temperature is above 0.

        weights: the key of announced weights; "" for the model's own.
        """
        drawn = self.sampling(replicate)
        read = [(m.role, m.content) for m in messages]
        written = () if options else (self.max_tokens, self.temperature)
        key = repr((str(self.model), read, tuple(options), drawn.seed, weights, written))
        if key in self._asking:
            await asyncio.shield(self._asking[key])
        if key in self.answered:
            known = self.answered[key]
            return replace(known, tokens_out=0, tokens_cached=known.tokens_in, seconds=0.0)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._asking[key] = future
        try:
            started = time.monotonic()
            asked = self._score(messages, options, weights) if options else None
            reply = await (asked or self._write(messages, drawn, weights))
            self.answered[key] = replace(reply, seconds=time.monotonic() - started)
            future.set_result(reply)
            return self.answered[key]
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else RuntimeError("stopped"))
            future.exception()  # retrieved here, so that nobody waiting is no warning
            raise
        finally:
            del self._asking[key]

    async def observe(self, what: str, weights: str) -> tuple[float, ...]:
        """What of the fitted `weights` an insider sees; () where there is no such thing to see.

        Looked up once: an attack that learns from a whole population asks for the same users every time.
        """
        looking = self._looking.get((what, weights))
        if looking is None or (looking.done() and (looking.cancelled() or looking.exception())):
            looking = asyncio.create_task(self._look(what, weights))
            self._looking[what, weights] = looking
        return await asyncio.shield(looking)

    async def _look(self, what: str, weights: str) -> tuple[float, ...]:
        wish = {"forwhom_weights": weights, "forwhom_observe": what}
        output = await self.model.generate("", config=GenerateConfig(extra_body=wish))
        return tuple((output.metadata or {}).get("observed", ()))

    def sampling(self, replicate: int = 0) -> GenerateConfig:
        """How this replicate of an ask is drawn."""
        draw = replicate if self.temperature > 0 else 0
        return GenerateConfig(temperature=self.temperature, seed=self.seed + draw)

    async def _write(self, messages: list[ChatMessage], drawn: GenerateConfig, weights: str) -> Reply:
        wish = {"forwhom_weights": weights} if weights else None
        config = drawn.merge(GenerateConfig(max_tokens=self.max_tokens, extra_body=wish))
        output = await self.model.generate(messages, config=config)
        return as_reply(output, output.completion, method="text")

    async def _score(self, messages: list[ChatMessage], options: Sequence[str], weights: str) -> Reply:
        if getattr(self.model.api, "scores_options", False):
            wish = {"forwhom_options": list(options), "forwhom_weights": weights}
            config = GenerateConfig(extra_body=wish)
            output = await self.model.generate(messages, config=config)
            scores = output.metadata or {}
            sums, counts = scores["option_logprobs"], scores["option_tokens"]
            means = [total / max(count, 1) for total, count in zip(sums, counts, strict=True)]
            chosen = options[max(range(len(means)), key=means.__getitem__)]
            return as_reply(output, chosen, _softmax(means), tuple(sums), "option log-probability")
        return await self._choose_letter(messages, options)

    async def _choose_letter(self, messages: list[ChatMessage], options: Sequence[str]) -> Reply:
        count = len(options)
        outputs = [await self._letter(messages, listed) for listed in rotations(options)]
        logprobs = [found for output in outputs if (found := letter_logprobs(output, count))]
        written = [written_letter(output, count) for output in outputs]
        if len(logprobs) == count:
            probabilities = _softmax(mean_over_rotations(logprobs))
            method = f"letter log-probability, {count} orders"
        else:  # where no option was chosen, none is preferred
            votes = [vote or [1 / count] * count for vote in written]
            probabilities = tuple(mean_over_rotations(votes))
            method = f"letter written, {count} orders" if any(written) else "no choice made"
        chosen = options[max(range(count), key=probabilities.__getitem__)]
        asked = together([as_reply(output, "") for output in outputs])
        return replace(asked, text=chosen, probabilities=probabilities, method=method)

    async def _letter(self, messages: list[ChatMessage], options: Sequence[str]) -> ModelOutput:
        request = letter_request(messages[-1].text, options)
        shown = [] if isinstance(messages[-1].content, str) else messages[-1].content
        pictures = [part for part in shown if part.type != "text"]
        content = [ContentText(text=request), *pictures] if pictures else request
        asked = [*messages[:-1], ChatMessageUser(content=content)]
        count, room = len(options), GenerateConfig(max_tokens=_ROOM, temperature=0.0, seed=self.seed)
        output = await self._with_logprobs(asked, room)
        if output is None:
            output = await self.model.generate(asked, config=room)
            self._top_logprobs = ()  # without them it answers, so it was them that it refused
        elif output.stop_reason == "max_tokens" and not (
            letter_logprobs(output, count) or written_letter(output, count)
        ):
            output = await self.model.generate(asked, config=room)  # it thinks before it answers
        return output

    async def _with_logprobs(self, asked: list[ChatMessage], room: GenerateConfig) -> ModelOutput | None:
        """None where the server refuses to give log-probabilities."""
        for top in self._top_logprobs:
            wish = {"max_tokens": _BRIEF, "logprobs": True, "top_logprobs": top}
            try:
                output = await self.model.generate(asked, config=room.model_copy(update=wish))
            except Exception as error:
                if getattr(error, "status_code", None) not in _REFUSED:
                    raise
            else:
                self._top_logprobs = tuple(one for one in self._top_logprobs if one <= top)
                return output
        return None


def _softmax(values: Sequence[float]) -> tuple[float, ...]:
    top = max(values)
    weights = [math.exp(value - top) for value in values]
    return tuple(weight / sum(weights) for weight in weights)
