"""A System: a model and an ordered list of Layers. It is what is tested."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from forwhom.systems.layer import Layer


class System(BaseModel):
    """model: any Inspect model name, "forwhom/smollm2" for the embedded one. layers act in order.

    instructions: the operator's system prompt, the same for every user.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    model: str = "forwhom/smollm2"
    instructions: str = "You are a helpful assistant."
    layers: tuple[SerializeAsAny[Layer], ...] = ()

    @property
    def is_personalized(self) -> bool:
        return any(layer.is_paradigm for layer in self.layers)
