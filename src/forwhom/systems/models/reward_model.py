"""A reward model of one person: how well they would rate an answer, learned from which of two they chose.

Bradley-Terry, as for language models in Ouyang et al., arXiv:2203.02155, but linear: the probability that the
first of two answers is chosen is the logistic function of the difference of their rewards, and a reward is a
direction in what the model makes of an answer behind its prompt. A few comparisons allow no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from forwhom.systems.models.chatml import TURN_END
from forwhom.systems.models.dpo import prompt_text

_PENALTY = 0.02  # on the squared length of the direction; without one, few comparisons make it endless
_AT_ONCE = 16


@dataclass(frozen=True)
class RewardModel:
    """reward = direction . (features - centre). direction, centre: shape (hidden size,)."""

    direction: torch.Tensor
    centre: torch.Tensor

    def rewards(self, features: torch.Tensor) -> torch.Tensor:
        """features: (answers, hidden size); returns (answers,). Only differences have a meaning."""
        return (features - self.centre) @ self.direction

    def save(self, file: Path) -> None:
        from safetensors.torch import save_file

        save_file({"direction": self.direction, "centre": self.centre}, file)


@dataclass(frozen=True)
class RewardModels:
    """Several of one person: their mean, less `caution` standard deviations between them."""

    each: tuple[RewardModel, ...]
    caution: float

    def rewards(self, features: torch.Tensor) -> torch.Tensor:
        found = torch.stack([one.rewards(features) for one in self.each])
        return found.mean(0) - self.caution * found.std(0, correction=0)

    def save(self, file: Path) -> None:
        from safetensors.torch import save_file

        directions = torch.stack([one.direction for one in self.each])
        save_file({"direction": directions, "centre": self.each[0].centre}, file)


def fit_reward_models(
    chosen: torch.Tensor, rejected: torch.Tensor, count: int, caution: float, seed: int
) -> RewardModel | RewardModels:
    """As fit_reward_model for a count of 1; else each is fitted to as many comparisons, drawn with
    replacement."""
    if count == 1:
        return fit_reward_model(chosen, rejected)
    draw, centre = torch.Generator().manual_seed(seed), torch.cat([chosen, rejected]).mean(0)
    each = []
    for _ in range(count):
        drawn = torch.randint(len(chosen), (len(chosen),), generator=draw)
        one = fit_reward_model(chosen[drawn], rejected[drawn])
        each.append(RewardModel(one.direction, centre))  # one place from which all of them measure
    return RewardModels(tuple(each), caution)


def fit_reward_model(chosen: torch.Tensor, rejected: torch.Tensor) -> RewardModel:
    """chosen, rejected: features of the two answers of each comparison, (comparisons, hidden size)."""
    both = torch.cat([chosen, rejected])
    # Every feature weighs the same, and a whole difference is about as long however many there are.
    scale = (both.std(0) + 1e-6) * both.shape[1] ** 0.5
    differences = (chosen - rejected) / scale
    direction = torch.zeros(both.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([direction], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        surprise = torch.nn.functional.softplus(-(differences @ direction)).mean()
        total = surprise + _PENALTY / 2 * direction.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return RewardModel((direction.detach() / scale).contiguous(), both.mean(0))


def answer_features(model: Any, tokenizer: Any, answered: Sequence[tuple[str, str]]) -> torch.Tensor:
    """The mean of the last hidden states over the tokens of each answer, (len(answered), hidden size).

    answered: prompts and answers.
    """
    rows: list[torch.Tensor] = []
    for at in range(0, len(answered), _AT_ONCE):
        prompts, wholes = [], []
        for prompt, answer in answered[at : at + _AT_ONCE]:
            asked = prompt_text(prompt)
            prompts.append(len(tokenizer(asked, add_special_tokens=False)["input_ids"]))
            wholes.append(tokenizer(asked + answer + TURN_END, add_special_tokens=False)["input_ids"])
        longest = max(len(ids) for ids in wholes)
        ids, seen = torch.zeros(2, len(wholes), longest, dtype=torch.long)
        for row, whole in enumerate(wholes):
            ids[row, : len(whole)], seen[row, : len(whole)] = torch.tensor(whole), 1
        with torch.no_grad():
            hidden = model.model(input_ids=ids, attention_mask=seen, use_cache=False).last_hidden_state
        rows += [hidden[row, prompts[row] : len(whole)].mean(0) for row, whole in enumerate(wholes)]
    return torch.stack(rows)
