"""A model whose linear layers add what each token's experts add: LoRA experts under a router, by hooks.

Every block asks the router once, for what it reads; all of its linear layers use that answer. Several threads
may run the model at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from forwhom.systems.models.lora_merge import factors
from forwhom.systems.models.router import Router
from forwhom.systems.weights import Undo

Gated = Callable[[int, torch.Tensor], None]
"""Told of every block, when it has run its router, and the gates (tokens, experts)."""


def mix(
    model: Any, adapters: Sequence[Path], router: Router, gated: Gated = lambda block, gates: None
) -> list[Undo]:
    """Attach the experts in `adapters` to `model`; returns what takes them off again."""
    now = threading.local()  # the gates of the block that this thread is in
    off: list[Undo] = []
    linear: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    for folder in adapters:
        for name, scale, a, b in factors(folder):
            linear.setdefault(name.removesuffix(".weight"), []).append((a.float(), scale * b.float()))

    def ask(place: int) -> Callable[..., None]:
        def hook(norm: Any, inputs: Any, normed: torch.Tensor) -> None:
            now.gates = router.gates(place, normed)
            gated(place, now.gates.flatten(0, -2))

        return hook

    def add(pairs: list[tuple[torch.Tensor, torch.Tensor]]) -> Callable[..., torch.Tensor]:
        down, up = torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs], 1)
        rank = pairs[0][0].shape[0]

        def hook(part: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            inside = (inputs[0] @ down.T) * now.gates.repeat_interleave(rank, -1)
            return output + inside @ up.T

        return hook

    for place, block in enumerate(model.model.layers):
        off.append(block.input_layernorm.register_forward_hook(ask(place)).remove)
    for name, pairs in linear.items():
        off.append(model.get_submodule(name).register_forward_hook(add(pairs)).remove)
    return off
