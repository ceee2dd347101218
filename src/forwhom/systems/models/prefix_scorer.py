"""Score options by log-probability, computing what requests have in common once.

All questions put to one user begin with the same tokens: the system prompt that describes the user.
That prefix goes through the model once. Behind it, the questions and their options are packed as a
token tree into one sequence without padding: each question sees the prefix, each option sees the prefix
and its own question, and nothing else. The attention mask says who sees whom; positions count along
each branch, so the result equals that of scoring each branch alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.utils import logging

_PACK = 448  # tokens in one packed forward pass; longer ones lose more to attention than they gain
_KEPT = 96  # prefixes whose keys and values are kept


@dataclass(frozen=True)
class ScoreRequest:
    """A prompt (chat template applied) and the options that may follow it."""

    prompt: str
    options: tuple[str, ...]
    prefix: str = ""  # the part of the prompt that other requests share; must be a prefix of it


@dataclass(frozen=True)
class OptionScores:
    """Summed log-probability (nats) and token count of each option; prompt tokens, and those reused."""

    logprobs: tuple[float, ...]
    tokens: tuple[int, ...]
    prompt_tokens: int
    cached_tokens: int


@dataclass(frozen=True)
class _Branch:
    index: int
    question: list[int]
    options: list[list[int]]


class PrefixScorer:
    """Scores with the weights in `folder`. Not thread-safe: call it from one thread."""

    def __init__(self, folder: Path) -> None:
        logging.disable_progress_bar()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="sdpa", use_safetensors=True
        ).eval()
        self._prefixes: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def score(self, requests: Sequence[ScoreRequest]) -> list[OptionScores]:
        """Scores in the order of `requests`, prefixes shared. Log-probabilities are exact, not sampled."""
        results: list[OptionScores | None] = [None] * len(requests)
        groups: dict[tuple[int, ...], list[_Branch]] = {}
        for index, request in enumerate(requests):
            prefix = self._ids(request.prefix)
            question = self._ids(request.prompt[len(request.prefix) :])
            options = [self._ids(option) for option in request.options]
            groups.setdefault(tuple(prefix), []).append(_Branch(index, question, options))
        for prefix_ids, branches in groups.items():
            known = prefix_ids in self._prefixes
            for number, pack in enumerate(_packs(branches)):
                scored = self._score_pack(prefix_ids, pack)
                for position, (branch, (sums, counts)) in enumerate(zip(pack, scored, strict=True)):
                    reused = len(prefix_ids) if known or number or position else 0
                    results[branch.index] = OptionScores(
                        sums, counts, len(prefix_ids) + len(branch.question), reused
                    )
        return [result for result in results if result is not None]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def score_alone(self, request: ScoreRequest) -> OptionScores:
        """The same by one full forward pass an option and nothing shared: the reference."""
        prompt = self._ids(request.prefix) + self._ids(request.prompt[len(request.prefix) :])
        sums, counts = [], []
        for option in request.options:
            ids = self._ids(option)
            logits = self._model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
            logprobs = logits.log_softmax(-1)
            sums.append(float(logprobs[torch.arange(len(ids)), torch.tensor(ids)].sum()))
            counts.append(len(ids))
        return OptionScores(tuple(sums), tuple(counts), len(prompt), 0)

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def _prefix_cache(self, ids: tuple[int, ...]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        if ids not in self._prefixes:
            cache = DynamicCache(config=self._model.config)
            if ids:
                self._model.model(torch.tensor([ids]), past_key_values=cache, use_cache=True)
            self._prefixes[ids] = [(layer.keys, layer.values) for layer in cache.layers] if ids else []
            while len(self._prefixes) > _KEPT:
                self._prefixes.popitem(last=False)
        self._prefixes.move_to_end(ids)
        kept: list[tuple[torch.Tensor, torch.Tensor]] = self._prefixes[ids]
        return kept

    def _score_pack(
        self, prefix: tuple[int, ...], pack: Sequence[_Branch]
    ) -> list[tuple[tuple[float, ...], tuple[int, ...]]]:
        tokens: list[int] = []
        positions: list[int] = []
        spans: list[tuple[int, int, int, int]] = []  # start, end, and the span of the parent
        layout: list[tuple[int, list[tuple[int, list[int]]]]] = []
        for branch in pack:
            start, base = len(tokens), len(prefix)
            tokens += branch.question
            positions += range(base, base + len(branch.question))
            end = len(tokens)
            spans.append((start, end, 0, 0))
            leaves = []
            for option in branch.options:
                leaf = len(tokens)
                tokens += option[:-1]  # the last token predicts nothing that is asked
                positions += range(base + len(branch.question), base + len(branch.question) + len(option) - 1)
                spans.append((leaf, len(tokens), start, end))
                leaves.append((leaf, option))
            layout.append((end - 1, leaves))
        hidden = self._forward(prefix, tokens, positions, spans)
        rows = [row for last, leaves in layout for leaf, option in leaves
                for row in (last, *range(leaf, leaf + len(option) - 1))]  # fmt: skip
        targets = [token for _, leaves in layout for _, option in leaves for token in option]
        logits = self._model.lm_head(hidden[rows])
        chosen = logits.gather(1, torch.tensor(targets)[:, None])[:, 0] - logits.logsumexp(-1)
        values = chosen.tolist()
        scored, cursor = [], 0
        for branch in pack:
            sums, counts = [], []
            for option in branch.options:
                sums.append(sum(values[cursor : cursor + len(option)]))
                counts.append(len(option))
                cursor += len(option)
            scored.append((tuple(sums), tuple(counts)))
        return scored

    def _forward(
        self,
        prefix: tuple[int, ...],
        tokens: list[int],
        positions: list[int],
        spans: list[tuple[int, int, int, int]],
    ) -> torch.Tensor:
        count, before = len(tokens), len(prefix)
        sees = torch.zeros(count, before + count, dtype=torch.bool)
        sees[:, :before] = True
        for start, end, parent, parent_end in spans:
            own = torch.ones(end - start, end - start, dtype=torch.bool).tril()
            sees[start:end, before + start : before + end] = own
            sees[start:end, before + parent : before + parent_end] = True
        mask = torch.zeros(1, 1, count, before + count)
        mask.masked_fill_(~sees, torch.finfo(torch.float32).min)
        cache = DynamicCache(config=self._model.config)
        for index, (keys, values) in enumerate(self._prefix_cache(prefix)):
            cache.update(keys, values, index)
        output = self._model.model(
            torch.tensor([tokens]),
            attention_mask=mask,
            position_ids=torch.tensor([positions]),
            past_key_values=cache,
            use_cache=True,
        )
        hidden: torch.Tensor = output.last_hidden_state[0]
        return hidden


def _packs(branches: Sequence[_Branch]) -> list[list[_Branch]]:
    packs: list[list[_Branch]] = [[]]
    size = 0
    for branch in branches:
        cost = len(branch.question) + sum(len(option) for option in branch.options)
        if packs[-1] and size + cost > _PACK:
            packs.append([])
            size = 0
        packs[-1].append(branch)
        size += cost
    return packs
