"""Train a LoRA adapter: a small change of a model's weights that makes it answer as examples do.

Hu et al., LoRA, arXiv:2106.09685. Plain torch around peft: on examples this short, trl's trainer spends
longer on setting up and says nothing that is read here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from inspect_ai.model import ChatMessage
from pydantic import BaseModel, ConfigDict, Field

from forwhom.errors import InputError
from forwhom.systems.models.chatml import TURN_END, render
from forwhom.systems.models.descent import Tell, descend

if TYPE_CHECKING:
    import torch

IGNORED = -100  # a target that no loss is computed for
Encoded = tuple[list[int], list[int]]
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


def texts(example: Example) -> tuple[str, ...]:
    """What is learned from: the parts of the prompt, as the template has them, and the answer to its end."""
    return *render(example.messages), example.answer + TURN_END


class Objective(Protocol):
    """What an adapter is drawn to. Learned of each example is a sum over what `count` counts.

    determined_by: data of JSON: two objectives that agree in it are the same.
    """

    @property
    def determined_by(self) -> Any: ...
    def prepared(
        self, model: Any, tokenizer: Any, examples: Sequence[Example], settings: LoraSettings
    ) -> list[Any]:
        """The examples as `loss` takes them, the tokens of each first. model: without the adapter."""

    def loss(self, adapted: Any, part: Sequence[Any]) -> torch.Tensor:
        """Summed over `part`."""

    def count(self, part: Sequence[Any]) -> int:
        """What the loss is divided by."""


@dataclass(frozen=True)
class Likelihood:
    """Each target as likely as can be."""

    determined_by = "likelihood"

    def prepared(
        self, model: Any, tokenizer: Any, examples: Sequence[Example], settings: LoraSettings
    ) -> list[Any]:
        return [encode(tokenizer, example, settings.loss_on) for example in examples]

    def loss(self, adapted: Any, part: Sequence[Encoded]) -> torch.Tensor:
        return -answer_logprobs(adapted, part).sum()

    def count(self, part: Sequence[Encoded]) -> int:
        return sum(target != IGNORED for _, targets in part for target in targets)


LIKELIHOOD = Likelihood()


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
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    settings: LoraSettings,
    folder: Path,
    tell: Tell | None = None,
    objective: Objective = LIKELIHOOD,
    descent: Callable[..., list[float]] = descend,
) -> LoraTraining:
    """Train on `examples`, write the adapter into `folder` in peft's format, leave `model` as it was.

    model: a causal language model of transformers in single precision; tokenizer: one that knows ChatML.
    tell: is called after each step. descent: takes and returns what `descend` does.
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
    with torch.random.fork_rng(devices=[]), as_it_was(model):
        prepared = objective.prepared(model, tokenizer, examples, settings)
        torch.manual_seed(settings.seed)
        adapted: Any = get_peft_model(model, config)
        try:
            losses = descent(adapted, prepared, objective.loss, objective.count, settings, tell)
            adapted.save_pretrained(folder, safe_serialization=True)
        finally:
            adapted.unload()
    return LoraTraining(folder, tuple(losses))


def answer_logprobs(adapted: Any, part: Sequence[Encoded]) -> torch.Tensor:
    """Of each example the log-probability of its targets together, shape (len(part),)."""
    import torch

    logprobs, rows = target_logprobs(adapted, part)
    return torch.zeros(len(part)).index_add(0, rows, logprobs)


def target_logprobs(adapted: Any, part: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor]:
    """The log-probability of each target, those of the first example first, and the place of its example."""
    import torch

    length = max(len(ids) for ids, _ in part)
    ids, targets, seen = (torch.full((len(part), length), fill) for fill in (0, IGNORED, 0))
    for row, (tokens, wanted) in enumerate(part):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        targets[row, : len(wanted)] = torch.tensor(wanted)
        seen[row, : len(tokens)] = 1
    # The head is as large as a fifth of the model: only the places that some target needs go through it.
    places = (targets != IGNORED).any(0).nonzero()[:, 0]
    logits = adapted(input_ids=ids, attention_mask=seen, logits_to_keep=places, use_cache=False).logits
    wanted_ids = targets[:, places]
    kept = wanted_ids != IGNORED
    surprise = torch.nn.functional.cross_entropy(logits[kept].float(), wanted_ids[kept], reduction="none")
    return -surprise, kept.nonzero()[:, 0]


def encode(tokenizer: Any, example: Example, loss_on: str) -> Encoded:
    return encode_texts(tokenizer, texts(example), loss_on)


def encode_texts(tokenizer: Any, parts_and_answer: Sequence[str], loss_on: str) -> Encoded:
    """As `encode`, of the parts of a prompt and an answer, which may be the beginning of one."""
    *parts, answer = (_ids(tokenizer, text) for text in parts_and_answer)
    prompt = [token for part in parts for token in part]
    ids = prompt + answer
    learned = ids[1:] if loss_on == "all" else [IGNORED] * (len(prompt) - 1) + answer
    return ids, [*learned, IGNORED]


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
