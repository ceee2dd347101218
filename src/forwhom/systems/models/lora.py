"""Train a LoRA adapter: a small change of a model's weights that makes it answer as examples do.

Hu et al., LoRA, arXiv:2106.09685. Plain torch around peft: on examples this short, trl's trainer spends
longer on setting up and says nothing that is read here.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inspect_ai.model import ChatMessage
from pydantic import BaseModel, ConfigDict, Field

from forwhom.errors import InputError
from forwhom.systems.models.chatml import TURN_END, render
from forwhom.systems.models.cores import usable_cores

if TYPE_CHECKING:
    import torch

_IGNORED = -100  # a target that no loss is computed for
_WARM_UP = 0.1  # share of the steps over which the learning rate rises; it then falls linearly to zero
_PART = 4  # examples that a core computes at once
_Encoded = tuple[list[int], list[int]]
"""An example's tokens, and for each the one that it is to predict."""


class LoraSettings(BaseModel):
    """The adapter adds alpha / rank * B @ A to the weights of its target modules.

    target_modules: every linear layer but the head, or the attention's alone. loss_on: the answer's
    tokens, or those of the prompt, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=32, gt=0)
    learning_rate: float = Field(default=5e-4, gt=0)
    steps: int = Field(default=40, ge=1)
    batch_size: int = Field(default=8, ge=1)
    target_modules: Literal["all-linear", "attention"] = "all-linear"
    loss_on: Literal["answer", "all"] = "answer"
    weight_decay: float = Field(default=0.0, ge=0)
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """A conversation that ends with a user's turn, and the answer to learn."""

    messages: tuple[ChatMessage, ...]
    answer: str


@dataclass(frozen=True)
class LoraTraining:
    """Where the adapter lies, and the loss (nats a token) of each step's batch before the step."""

    folder: Path
    losses: tuple[float, ...]

    @property
    def first_loss(self) -> float:
        """Mean over the first tenth of the steps."""
        return _mean(self.losses[: self._tenth])

    @property
    def last_loss(self) -> float:
        """Mean over the last tenth of the steps."""
        return _mean(self.losses[-self._tenth :])

    @property
    def _tenth(self) -> int:
        return max(1, len(self.losses) // 10)


def train_lora(
    model: Any, tokenizer: Any, examples: Sequence[Example], settings: LoraSettings, folder: Path
) -> LoraTraining:
    """Train on `examples`, write the adapter into `folder` in peft's format, leave `model` as it was.

    model: a causal language model of transformers in single precision; tokenizer: one that knows ChatML.
    The same seed and examples give the same adapter, on however many cores.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    if not examples:
        raise InputError("A LoRA adapter needs at least one example to learn from.")
    config = LoraConfig(
        r=settings.rank, lora_alpha=settings.alpha, lora_dropout=0.0, task_type="CAUSAL_LM",
        target_modules="all-linear" if settings.target_modules == "all-linear" else _attention(model),
    )  # fmt: skip
    encoded = [_encode(tokenizer, example, settings.loss_on) for example in examples]
    with torch.random.fork_rng(devices=[]), as_it_was(model):
        torch.manual_seed(settings.seed)
        adapted: Any = get_peft_model(model, config)
        try:
            losses = _descend(adapted, encoded, settings)
            adapted.save_pretrained(folder, safe_serialization=True)
        finally:
            adapted.unload()
    return LoraTraining(folder, tuple(losses))


def _descend(adapted: Any, encoded: list[_Encoded], settings: LoraSettings) -> list[float]:
    """One step after the other; each core takes a part of the batch, and the gradients are added up."""
    import torch

    weights = [weight for weight in adapted.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, settings.steps))
    adapted.eval()  # no dropout: parts that run at once would draw random numbers in no fixed order
    losses = []
    with ThreadPoolExecutor(usable_cores(), initializer=torch.set_num_threads, initargs=(1,)) as cores:
        for batch in _batches(encoded, settings):
            count = sum(target != _IGNORED for _, targets in batch for target in targets)
            done = list(cores.map(lambda part: _gradients(adapted, weights, part), _parts(batch)))
            for weight, *gradients in zip(weights, *(one for _, one in done), strict=True):
                weight.grad = torch.stack(gradients).sum(0) / count
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rate.step()
            losses.append(sum(loss for loss, _ in done) / count)
    return losses


def _parts(batch: list[_Encoded]) -> list[list[_Encoded]]:
    """Examples of like length together, the longest first: the cores then end at about the same time."""
    by_length = sorted(batch, key=lambda one: len(one[0]), reverse=True)
    return [by_length[at : at + _PART] for at in range(0, len(batch), _PART)]


def _gradients(adapted: Any, weights: list[Any], part: list[_Encoded]) -> tuple[float, tuple[Any, ...]]:
    """Of the loss summed over the targets of `part`: its value, and its gradient for each of `weights`."""
    import torch

    loss = _loss(adapted, part)
    return float(loss.detach()), torch.autograd.grad(loss, weights)


def _rate(step: int, steps: int) -> float:
    """The share of the learning rate at `step`, which counts from 0."""
    warm = max(1, round(steps * _WARM_UP))
    return min((step + 1) / warm, (steps - step) / max(1, steps - warm))


def _batches(encoded: list[_Encoded], settings: LoraSettings) -> Iterator[list[_Encoded]]:
    """`steps` batches; every example is drawn once before any is drawn again."""
    order = random.Random(settings.seed)  # noqa: S311 - a shuffle, no secret
    waiting: list[_Encoded] = []
    for _ in range(settings.steps):
        while len(waiting) < settings.batch_size:
            waiting += order.sample(encoded, len(encoded))
        yield waiting[: settings.batch_size]
        waiting = waiting[settings.batch_size :]


def _loss(adapted: Any, part: list[_Encoded]) -> torch.Tensor:
    """Summed over the targets."""
    import torch

    length = max(len(ids) for ids, _ in part)
    ids, targets, seen = (torch.full((len(part), length), fill) for fill in (0, _IGNORED, 0))
    for row, (tokens, wanted) in enumerate(part):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        targets[row, : len(wanted)] = torch.tensor(wanted)
        seen[row, : len(tokens)] = 1
    # The head is as large as a fifth of the model: only the places that some target needs go through it.
    places = (targets != _IGNORED).any(0).nonzero()[:, 0]
    logits = adapted(input_ids=ids, attention_mask=seen, logits_to_keep=places, use_cache=False).logits
    wanted_ids = targets[:, places]
    kept = wanted_ids != _IGNORED
    return torch.nn.functional.cross_entropy(logits[kept].float(), wanted_ids[kept], reduction="sum")


def _encode(tokenizer: Any, example: Example, loss_on: str) -> _Encoded:
    prompt = [token for part in render(example.messages) for token in _ids(tokenizer, part)]
    answer = _ids(tokenizer, example.answer + TURN_END)
    ids = prompt + answer
    learned = ids[1:] if loss_on == "all" else [_IGNORED] * (len(prompt) - 1) + answer
    return ids, [*learned, _IGNORED]


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []


def _attention(model: Any) -> list[str]:
    """The names of the linear layers inside modules that are called attention."""
    import torch

    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and "attn" in name.rpartition(".")[0].rpartition(".")[2]
    ]


@contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """peft freezes the model's weights, and training switches its mode: both are set back."""
    learns = [(weight, weight.requires_grad) for weight in model.parameters()]
    was_training = model.training
    try:
        with warnings.catch_warnings():  # peft asks transformers for what has another name by now
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            yield
    finally:
        model.train(was_training)
        for weight, learned in learns:
            weight.requires_grad_(learned)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
