"""What layers do to a model's weights: an ordered chain of changes, each fitted to a user once and kept.

A layer says only what is to be done (a WeightChange: what it learns from, and its knobs). The embedded
model fits it when it is first needed, on the weights as the changes before it left them, and applies it
when that user asks. So any order of such layers is a system, and the same history is learned once.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

Undo = Callable[[], None]


@dataclass(frozen=True)
class WeightChange(ABC):
    """One fitted change. Subclasses are frozen, and `determined_by` names all that the fit depends on
    besides the weights that it begins with."""

    @property
    @abstractmethod
    def layer(self) -> str:
        """The name of the layer that it belongs to."""

    @property
    @abstractmethod
    def determined_by(self) -> Any:
        """Data of JSON: knobs, seed and training data. Two changes that agree in it are the same fit."""

    @abstractmethod
    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        """Learn from the data and write safetensors (and nothing that is code) into `folder`.

        model: a transformers model that is this fit's own copy; what is done to it is dropped.
        """

    @abstractmethod
    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        """Change `model` by what `fit` wrote. Weights may be edited in place: the engine puts them back.
        Whatever else is attached (hooks) is taken off by the functions that this returns."""

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        """What an insider or a side channel sees of this user's fit: "mask", "routing"; () for no such."""
        return ()

    @cached_property
    def key(self) -> str:
        told = json.dumps([self.layer, self.determined_by], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Around(WeightChange):
    """Another change, and something done about it. Subclasses name in `determined_by` the inner one, too."""

    inner: WeightChange

    @property
    def layer(self) -> str:
        return self.inner.layer

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        self.inner.fit(model, tokenizer, folder)

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        return self.inner.observe(what, folder)


def amended(change: WeightChange, amend: Callable[[WeightChange], WeightChange]) -> WeightChange:
    """`change` with `amend` applied to what is learned in it, inside whatever is around that."""
    if isinstance(change, Around):
        return replace(change, inner=amended(change.inner, amend))
    return amend(change)


@dataclass(frozen=True)
class Fit:
    """A change as it was fitted, and what that cost. id: of the change and of all before it."""

    id: str
    layer: str
    seconds: float
    bytes: int

    def as_row(self) -> dict[str, str | float | int]:
        return {"id": self.id, "layer": self.layer, "seconds": self.seconds, "bytes": self.bytes}


@dataclass(frozen=True)
class Weights:
    """The changes in order; none: the model as it is."""

    changes: tuple[WeightChange, ...] = ()

    @cached_property
    def key(self) -> str:
        """ "" for the unchanged model."""
        keys = "".join(change.key for change in self.changes)
        return hashlib.sha256(keys.encode()).hexdigest()[:16] if keys else ""


_announced: dict[str, Weights] = {}


def announce(weights: Weights) -> str:
    """Make `weights` known to the model provider of this process, which is handed their key: what goes
    through Inspect is data, and ends in its log."""
    _announced[weights.key] = weights
    return weights.key


def announced(key: str) -> Weights:
    return _announced[key]
