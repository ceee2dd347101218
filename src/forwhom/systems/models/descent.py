"""Gradient descent on an adapter's weights, the same on however many cores."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from forwhom.systems.models.cores import usable_cores

if TYPE_CHECKING:
    import torch

_WARM_UP = 0.1  # share of the steps over which the learning rate rises; it then falls linearly to zero
_PART = 4  # examples that a core computes at once


class Descent(Protocol):
    """What the settings of whatever is trained have in common."""

    @property
    def steps(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def seed(self) -> int: ...


T = TypeVar("T", bound=Sequence[Any])
"""An example, whose first member is as long as the example."""


Tell = Callable[[int, int], None]
"""Told the steps that are done, and how many there are."""


def descend(
    adapted: Any,
    examples: list[T],
    loss: Callable[[Any, Sequence[T]], torch.Tensor],
    count: Callable[[Sequence[T]], int],
    settings: Descent,
    tell: Tell | None = None,
) -> list[float]:
    """One step after the other; each core takes a part of the batch, and the gradients are added up.

    loss: of the adapted model and a part, summed over what `count` counts. tell: is called after each step.
    Returns each step's mean loss, before the step.
    """
    import torch

    weights = [weight for weight in adapted.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, settings.steps))
    adapted.eval()  # no dropout: parts that run at once would draw random numbers in no fixed order

    def gradients(part: list[T]) -> tuple[float, tuple[Any, ...]]:
        summed = loss(adapted, part)
        return float(summed.detach()), torch.autograd.grad(summed, weights)

    losses = []
    with ThreadPoolExecutor(usable_cores(), initializer=torch.set_num_threads, initargs=(1,)) as cores:
        for batch in _batches(examples, settings):
            done = list(cores.map(gradients, _parts(batch)))
            for weight, *grown in zip(weights, *(one for _, one in done), strict=True):
                weight.grad = torch.stack(grown).sum(0) / count(batch)
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rate.step()
            losses.append(sum(one for one, _ in done) / count(batch))
            if tell:
                tell(len(losses), settings.steps)
    return losses


def _parts(batch: list[T]) -> list[list[T]]:
    """Examples of like length together, the longest first: the cores then end at about the same time."""
    by_length = sorted(batch, key=lambda one: len(one[0]), reverse=True)
    return [by_length[at : at + _PART] for at in range(0, len(batch), _PART)]


def rate_at(step: int, steps: int) -> float:
    """The share of the learning rate at `step`, which counts from 0."""
    warm = max(1, round(steps * _WARM_UP))
    return min((step + 1) / warm, (steps - step) / max(1, steps - warm))


def _batches(examples: list[T], settings: Descent) -> Iterator[list[T]]:
    """`steps` batches; every example is drawn once before any is drawn again."""
    order = random.Random(settings.seed)  # noqa: S311 - a shuffle, no secret
    waiting: list[T] = []
    for _ in range(settings.steps):
        while len(waiting) < settings.batch_size:
            waiting += order.sample(examples, len(examples))
        yield waiting[: settings.batch_size]
        waiting = waiting[settings.batch_size :]
