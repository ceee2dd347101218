"""Direct preference optimisation: a LoRA adapter that makes chosen answers likelier than rejected ones.

Rafailov et al., arXiv:2305.18290. The reference is the model without the adapter. Learned is how far the two
answers are apart, not how likely either is by itself. Plain torch around peft: trl's trainer computes the
head at every token of the prompts, and reads the reference anew in every pass or hashes the model for it.
A test has trl find the same loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from inspect_ai.model import ChatMessageUser
from pydantic import BaseModel, ConfigDict, Field

from forwhom.errors import InputError
from forwhom.systems.comparisons import Comparison
from forwhom.systems.models.chatml import render
from forwhom.systems.models.descent import descend
from forwhom.systems.models.lora import Encoded, Example, answer_logprobs, as_it_was, encode

if TYPE_CHECKING:
    import torch


class DpoSettings(BaseModel):
    """beta: how dearly a step away from the reference is paid. The adapter is on the linear layers of
    the upper half of the blocks, so that a step goes back through no more than these."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rank: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    beta: float = Field(default=0.1, gt=0)
    steps: int = Field(default=8, ge=1)
    batch_size: int = Field(default=4, ge=1)
    weight_decay: float = Field(default=0.0, ge=0)
    seed: int = 0


@dataclass(frozen=True)
class DpoTraining:
    """Where the adapter lies, and the loss of each step's batch before the step: log 2 where nothing is
    learned yet."""

    folder: Path
    losses: tuple[float, ...]


class _Pair(NamedTuple):
    """lead: by how much the reference finds the chosen answer likelier, in nats."""

    tokens: list[int]
    chosen: Encoded
    rejected: Encoded
    lead: float


def train_dpo(
    model: Any, tokenizer: Any, comparisons: Sequence[Comparison], settings: DpoSettings, folder: Path
) -> DpoTraining:
    """Train on `comparisons`, write the adapter into `folder` in peft's format, leave `model` as it was.

    model: a causal language model of transformers in single precision; tokenizer: one that knows ChatML.
    The same seed and comparisons give the same adapter, on however many cores.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    if not comparisons:
        raise InputError("Preference optimisation needs at least one comparison to learn from.")
    config = LoraConfig(
        r=settings.rank, lora_alpha=2 * settings.rank, lora_dropout=0.0, task_type="CAUSAL_LM",
        target_modules=_upper_half(model),
    )  # fmt: skip

    def loss(adapted: Any, part: Sequence[_Pair]) -> torch.Tensor:
        gained = _leads(adapted, part) - torch.tensor([one.lead for one in part])
        return -torch.nn.functional.logsigmoid(settings.beta * gained).sum()

    with torch.random.fork_rng(devices=[]), as_it_was(model):
        torch.manual_seed(settings.seed)
        pairs = [_referred(model, _pair(tokenizer, one)) for one in comparisons]
        adapted: Any = get_peft_model(model, config)
        try:
            losses = descend(adapted, pairs, loss, len, settings)
            adapted.save_pretrained(folder, safe_serialization=True)
        finally:
            adapted.unload()
    return DpoTraining(folder, tuple(losses))


def _upper_half(model: Any) -> list[str]:
    """The names of the linear layers in the upper half of the blocks."""
    import torch

    blocks = model.model.layers
    upper = {f"model.layers.{place}" for place in range(len(blocks) // 2, len(blocks))}
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and ".".join(name.split(".")[:3]) in upper
    ]


def prompt_text(prompt: str) -> str:
    """As the model reads it, up to where its answer begins."""
    return "".join(render((ChatMessageUser(content=prompt),)))


def answer_leads(model: Any, tokenizer: Any, comparisons: Sequence[Comparison]) -> list[float]:
    """By how much `model` finds each chosen answer likelier than the rejected one, in nats."""
    import torch

    with torch.no_grad():
        return [float(_leads(model, [_pair(tokenizer, one)])[0]) for one in comparisons]


def _pair(tokenizer: Any, one: Comparison) -> _Pair:
    asked = (ChatMessageUser(content=one.prompt),)
    chosen, rejected = (encode(tokenizer, Example(asked, a), "answer") for a in (one.chosen, one.rejected))
    return _Pair(max(chosen[0], rejected[0], key=len), chosen, rejected, 0.0)


def _referred(model: Any, pair: _Pair) -> _Pair:
    import torch

    with torch.no_grad():
        return pair._replace(lead=float(_leads(model, [pair])[0]))


def _leads(model: Any, part: Sequence[_Pair]) -> torch.Tensor:
    both = answer_logprobs(model, [one.chosen for one in part] + [one.rejected for one in part])
    chosen, rejected = both.chunk(2)
    return chosen - rejected
