"""Score options by log-probability, computing what requests have in common once.

All questions put to one user begin with the same tokens: the system prompt that describes the user.
That prefix goes through the model once, from where it leaves the nearest prefix that is known. Behind
it, the questions and their options are packed as a token tree, and a core takes a tree at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.utils import logging

from forwhom.systems.models.cores import usable_cores
from forwhom.systems.models.token_tree import Branch, grow, packs

_KEPT = 32  # prefixes whose keys and values are kept from one call to the next, 46 kB a token
_WORTH_SHARING = 16  # tokens that two prefixes must have in common to compute one from the other

Ids = tuple[int, ...]
Layers = list[tuple[torch.Tensor, torch.Tensor]]
Sums = tuple[float, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class ScoreRequest:
    """A prompt (chat template applied) and the options that may follow it.

    prefix: what other requests share; whole turns, so that no token spans its end. tail: the rest.
    """

    prefix: str
    tail: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class OptionScores:
    """Summed log-probability (nats) and token count of each option; prompt tokens, and those reused."""

    logprobs: tuple[float, ...]
    tokens: tuple[int, ...]
    prompt_tokens: int
    cached_tokens: int


class PrefixScorer:
    """Scores with the weights in `folder`. Not thread-safe.

    model: the transformers model; whoever changes its weights calls `forget`.
    stop: of what is submitted from now on; once it is set, whatever of it waits raises CancelledError.
    """

    def __init__(self, folder: Path) -> None:
        logging.disable_progress_bar()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa", use_safetensors=True
        ).eval()
        # transformers 5.24 renamed the argument.
        known = signature(self.model.model.forward).parameters
        self._cache_argument = "cache" if "cache" in known else "past_key_values"
        self._prefixes: dict[Ids, Future[Layers]] = {}  # the least recently used first
        self.stop = Event()
        self._cores = ThreadPoolExecutor(usable_cores(), initializer=torch.set_num_threads, initargs=(1,))

    def score(self, requests: Sequence[ScoreRequest]) -> list[OptionScores]:
        """Scores in the order of `requests`, prefixes shared. Log-probabilities are exact, not sampled."""
        groups: dict[Ids, list[tuple[int, Branch]]] = {}
        for index, request in enumerate(requests):
            options = [self.ids(option) for option in request.options]
            branch = Branch(self.ids(request.tail), options)
            groups.setdefault(tuple(self.ids(request.prefix)), []).append((index, branch))
        with self.prefixes():
            scored = self._score_groups(groups)
        return [scored[index] for index in range(len(requests))]

    def _score_groups(self, groups: dict[Ids, list[tuple[int, Branch]]]) -> dict[int, OptionScores]:
        known = {prefix: self.begin(prefix) for prefix in groups}
        waiting = {
            prefix: [self.submit(self._score_tree, prefix, pack) for pack in packs([b for _, b in group])]
            for prefix, group in groups.items()
        }
        scored: dict[int, OptionScores] = {}
        for prefix, group in groups.items():
            sums = [one for tree in waiting[prefix] for one in tree.result()]
            for place, ((index, branch), logprobs) in enumerate(zip(group, sums, strict=True)):
                scored[index] = OptionScores(
                    logprobs, tuple(len(option) for option in branch.options),
                    len(prefix) + len(branch.question), len(prefix) if place else known[prefix],
                )  # fmt: skip
        return scored

    @contextmanager
    def prefixes(self) -> Iterator[None]:
        """All that is begun inside is kept until its end; from then on only the last ones used."""
        try:
            yield
        except BaseException:
            self.forget()  # one of them may be what failed, or was given up
            raise
        for stale in list(self._prefixes)[:-_KEPT]:
            del self._prefixes[stale]

    def forget(self) -> None:
        """Drop what was computed: the weights are about to be others."""
        self._prefixes.clear()

    def score_alone(self, requests: Sequence[ScoreRequest]) -> list[OptionScores]:
        """The same by one full forward pass an option and nothing shared: the reference."""
        waiting = [self.submit(self._score_one_alone, request) for request in requests]
        return [one.result() for one in waiting]

    def _score_one_alone(self, request: ScoreRequest) -> OptionScores:
        prompt = self.ids(request.prefix) + self.ids(request.tail)
        options = [self.ids(option) for option in request.options]
        sums = []
        for option in options:
            logits = self.model(torch.tensor([prompt + option])).logits[0, len(prompt) - 1 : -1]
            sums.append(sum(_logprobs(logits, option)))
        return OptionScores(tuple(sums), tuple(len(option) for option in options), len(prompt), 0)

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        stop = self.stop

        def run() -> T:
            if stop.is_set():
                raise CancelledError
            with torch.inference_mode():
                return work(*arguments)

        return self._cores.submit(run)

    def begin(self, prefix: Ids) -> int:
        """Start to compute `prefix` where it is not known; returns how many of its tokens are known.

        Called from one thread, inside `prefixes`.
        """
        if prefix in self._prefixes:
            self._prefixes[prefix] = self._prefixes.pop(prefix)
            return len(prefix)
        near = max(self._prefixes, key=lambda other: _common(prefix, other), default=())
        known = _common(prefix, near)
        if known < _WORTH_SHARING:
            near, known = (), 0
        # The work waits for the nearest prefix, which was begun before it: the cores take work in order.
        self._prefixes[prefix] = self.submit(self._compute, prefix, self._prefixes.get(near), known)
        return known

    def _compute(self, prefix: Ids, near: Future[Layers] | None, known: int) -> Layers:
        cache = self._cache(near.result() if near else [], known)
        if prefix[known:]:
            self.run(cache, torch.tensor([prefix[known:]]))
        return [(layer.keys, layer.values) for layer in cache.layers] if prefix else []

    def cache_after(self, prefix: Ids) -> Any:
        """A cache of its own that holds `prefix`, which was begun; called from a core."""
        return self._cache(self._prefixes[prefix].result(), len(prefix))

    def _cache(self, layers: Layers, tokens: int) -> Any:
        """A cache that begins with the first `tokens` tokens of `layers`."""
        cache = DynamicCache(config=self.model.config)
        for index, (keys, values) in enumerate(layers):
            cache.update(keys[:, :, :tokens], values[:, :, :tokens], index)
        return cache

    def run(self, cache: Any, ids: torch.Tensor, **where: torch.Tensor) -> torch.Tensor:
        output = self.model.model(ids, use_cache=True, **{self._cache_argument: cache}, **where)
        hidden: torch.Tensor = output.last_hidden_state[0]
        return hidden

    def _score_tree(self, prefix: Ids, pack: Sequence[Branch]) -> list[Sums]:
        tree = grow(pack)
        mask, positions = tree.attention(len(prefix))
        cache = self.cache_after(prefix)
        hidden = self.run(cache, torch.tensor([tree.tokens]), attention_mask=mask, position_ids=positions)
        values = iter(_logprobs(self.model.lm_head(hidden[tree.rows]), tree.targets))
        return [tuple(sum(next(values) for _ in option) for option in b.options) for b in pack]


def _logprobs(logits: torch.Tensor, targets: Sequence[int]) -> list[float]:
    # Not log_softmax, whose sum over 49 152 words in single precision is off by 1e-5 a token.
    chosen = logits.gather(1, torch.tensor(targets)[:, None])[:, 0] - logits.logsumexp(-1)
    values: list[float] = chosen.tolist()
    return values


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    differ = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differ, min(len(one), len(other)))
