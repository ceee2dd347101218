"""A System: a model and an ordered list of Layers. It is what is tested."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation

LONGEST_NAME = 200
SystemName = Annotated[str, Field(pattern=rf"^\w[\w .+-]{{0,{LONGEST_NAME - 1}}}$")]
"""Up to 200 letters, digits and any of space . + - _: it stands in reports and, cut, in names of logs."""
_LOG_BYTES = 150  # of 255 that a file's name may have; Inspect adds about 60


INSTRUCTIONS = "You are a helpful assistant."
"""The operator's system prompt where a study gives none."""


class System(BaseModel):
    """model: any Inspect model name, "forwhom/smollm2" for the embedded one. layers act in order.

    instructions: the operator's system prompt, the same for every user.
    attacked_knowingly: whether whoever attacks it knows its mitigations and words the attack accordingly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: SystemName
    model: str = "forwhom/smollm2"
    instructions: str = INSTRUCTIONS
    layers: tuple[SerializeAsAny[Layer], ...] = ()
    attacked_knowingly: bool = False

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Results are kept by a hash of the system: those of before this field stay valid.
        told: dict[str, Any] = plain(self)
        if not self.attacked_knowingly:
            told.pop("attacked_knowingly", None)
        return told

    @property
    def guards(self) -> tuple[Mitigation, ...]:
        """Its mitigations, in order."""
        return tuple(layer for layer in self.layers if isinstance(layer, Mitigation))

    @cached_property
    def hardened(self) -> System:
        """The same system with the knobs of its layers as its mitigations set them."""
        layers = []
        for layer in self.layers:
            for guard in self.guards:
                layer = guard.hardens(layer)
            layers.append(layer)
        return self.model_copy(update={"layers": tuple(layers)})

    @property
    def is_personalized(self) -> bool:
        return any(layer.is_paradigm for layer in self.layers)

    @property
    def log_name(self) -> str:
        """Its name in those of files: cut, since a letter may be four bytes."""
        return self.name.encode()[:_LOG_BYTES].decode(errors="ignore").rstrip()

    def control(self, systems: Sequence[System]) -> str:
        """The unpersonalized one of the same model and instructions, by name; "" for itself, or if none."""
        same = (
            one.name
            for one in systems
            if not one.is_personalized
            and not one.guards
            and (one.model, one.instructions) == (self.model, self.instructions)
        )
        return next(same, "") if self.is_personalized else ""
