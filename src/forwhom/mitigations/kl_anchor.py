"""A KL anchor: what is learned from a user's ratings may move the policy only so far from where it was.

The objective of learning from human feedback is reward less a weight times the KL divergence from the
reference; DPO keeps that weight as its beta (arXiv:2305.18290). In the few steps that a user's ratings allow,
beta changes little: the optimizer takes steps of about the same length whatever the gradient is scaled by.
So the divergence itself is bounded: the policy's step is shortened until it is within the budget.
Limit: it slows and does not sort. At a tenth of a nat most of what agreement taught is gone, and so is most
of what rating the truth best had taught.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspect_ai.model import ChatMessageUser
from pydantic import Field

from forwhom.paradigms.reinforcement import Policy
from forwhom.systems.comparisons import Comparison
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.models.lora import IGNORED, Encoded, Example, encode
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.weights import Undo, WeightChange

_SHARE, _HALVINGS = "share.json", 6


@dataclass(frozen=True)
class AnchoredPolicy(Policy):
    """nats: how far the policy may be from the reference: the mean KL(policy, reference) a token of the
    answers that were compared."""

    nats: float = float("inf")

    @property
    def determined_by(self) -> Any:
        return [super().determined_by, self.nats]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        answers = [_encoded(tokenizer, one, said) for one in self.comparisons for said in one[1:]]
        reference = list(token_logits(model, answers))
        super().fit(model, tokenizer, folder)
        if self.online is not None:
            self._move(model, folder, -1.0)  # the loop leaves its adapters added

        def distance(share: float) -> float:
            self._move(model, folder, share)
            found = mean_kl(token_logits(model, answers), reference)
            self._move(model, folder, -share)
            return found

        share = largest_share(distance, self.nats)
        (folder / _SHARE).write_text(json.dumps(share) + "\n", encoding="utf-8")

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        self._move(model, folder, json.loads((folder / _SHARE).read_text(encoding="utf-8")))
        return ()

    def _move(self, model: Any, folder: Path, share: float) -> None:
        for place in range(self.online.rounds if self.online else 1):
            apply_lora(model, folder / str(place), share)


@mitigation(
    name="kl_anchor", stages=("weights",), entry="anchored-policy",
    reduces=("feedback-amplified-sycophancy", "preference-poisoning", "targeted-reward-gaming"),
    source="arXiv:2305.18290", of=("reinforcement",),
)  # fmt: skip
class KlAnchor(Mitigation):
    """nats: the budget, as in AnchoredPolicy. beta: the least KL weight of training; 0 leaves it as it is."""

    nats: float = Field(default=0.1, gt=0)
    beta: float = Field(default=0.0, ge=0)

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Policy):
            return change
        settings = change.settings.model_copy(update={"beta": max(change.settings.beta, self.beta)})
        return AnchoredPolicy(change.comparisons, settings, change.online, nats=self.nats)


def largest_share(distance: Any, budget: float) -> float:
    """The largest part of a step, in [0, 1], whose `distance` is within `budget`; found by halving, and so
    at most a sixty-fourth too short. `distance` grows with the part."""
    if distance(1.0) <= budget:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if distance(middle) <= budget else (low, middle)
    return low


def mean_kl(policy: Any, reference: Any) -> float:
    """Mean KL(policy, reference) in nats a token, of logits (tokens, vocabulary) in as many parts each."""
    import torch

    summed, tokens = 0.0, 0
    for one, other in zip(policy, reference, strict=True):
        logs, others = one.log_softmax(-1), other.log_softmax(-1)
        summed += float(torch.sum(logs.exp() * (logs - others)))
        tokens += len(one)
    return summed / tokens


def token_logits(model: Any, answers: Sequence[Encoded]) -> Any:
    """The logits at every token of each answer, answer by answer."""
    import torch

    with torch.no_grad():
        for ids, targets in answers:
            places = (torch.tensor(targets) != IGNORED).nonzero()[:, 0]
            yield (
                model(input_ids=torch.tensor([ids]), logits_to_keep=places, use_cache=False).logits[0].float()
            )


def _encoded(tokenizer: Any, one: Comparison, answer: str) -> Encoded:
    return encode(tokenizer, Example((ChatMessageUser(content=one.prompt),), answer), "answer")
