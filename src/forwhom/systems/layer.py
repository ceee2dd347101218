"""A Layer: anything put around a model, acting at named stages.

Paradigms (layers that personalize) and mitigations (layers that protect) are both Layers, so a System
may hold any of them in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Literal

from inspect_ai.model import ChatMessage
from pydantic import BaseModel, ConfigDict

from forwhom.errors import unknown
from forwhom.users.user import User

Stage = Literal["data", "weights", "context", "action", "output", "memory"]


@dataclass
class Exchange:
    """One conversation between one user and the system, over as many sessions as its script has.

    known: the user as the system may know them (hidden attributes removed; NEUTRAL when unknown).
    population: everyone whom the deployment serves, for layers with shared state.
    notes: what each layer wants to remember within this exchange, keyed by layer name. This is the one
    place where a layer keeps mutable state; it is dropped when the scenario ends.
    """

    known: User
    population: Sequence[User] = ()
    session: int = 1
    notes: dict[str, Any] = field(default_factory=dict)


class Layer(BaseModel):
    """A frozen set of knobs and the stages at which they act. Every stage does nothing by default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = ""
    stages: ClassVar[tuple[Stage, ...]] = ()
    source: ClassVar[str] = ""
    is_paradigm: ClassVar[bool] = True

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        """Stage `context`: what the model reads. `messages` end with the user's request."""
        return messages

    async def output(self, text: str, exchange: Exchange) -> str:
        """Stage `output`: what is said."""
        return text

    async def remember(self, kind: str, text: str, actor: User | None, exchange: Exchange) -> None:
        """Stage `memory`: called after every event that is not an `ask`, and after every ask.

        kind: the event's kind, or "answer"; actor: the user who acted, None for a third party.
        """


_layers: dict[str, type[Layer]] = {}


def register_layer(cls: type[Layer]) -> type[Layer]:
    """Class decorator: make a Layer reachable by its `name` in study files."""
    _layers[cls.name] = cls
    return cls


def paradigm(*, name: str, stages: tuple[Stage, ...], source: str) -> Callable[[type[Layer]], type[Layer]]:
    """Register a Layer that personalizes."""

    def mark(cls: type[Layer]) -> type[Layer]:
        cls.name, cls.stages, cls.source, cls.is_paradigm = name, stages, source, True
        return register_layer(cls)

    return mark


def _discover() -> None:
    package = import_module("forwhom.paradigms")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


def layer_names() -> list[str]:
    _discover()
    return sorted(_layers)


def layer_type(name: str, *, where: str = "") -> type[Layer]:
    """The Layer class called `name`; raises InputError with the nearest name where there is none."""
    _discover()
    if name not in _layers:
        raise unknown("layer", name, _layers, where=where)
    return _layers[name]
