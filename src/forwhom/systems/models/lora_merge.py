"""Add a trained LoRA adapter into a model's weights: what it changes, without peft and without its layers.

A merged model runs as fast as the one before, and llama.cpp and the option scorer read it as any other.
Only safetensors and JSON are read, so an adapter from elsewhere can run no code here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forwhom.errors import InputError

if TYPE_CHECKING:
    import torch

_PREFIX = "base_model.model."
_A, _B = ".lora_A.weight", ".lora_B.weight"
# What this sum would leave out, and the value with which nothing is left out.
_PLAIN: dict[str, tuple[Any, ...]] = {
    "peft_type": ("LORA",), "bias": ("none", None), "use_dora": (False, None), "modules_to_save": (None, []),
    "fan_in_fan_out": (False, None), "alpha_pattern": ({}, None), "rank_pattern": ({}, None),
}  # fmt: skip


def apply_lora(model: Any, folder: Path, share: float = 1.0) -> None:
    """Add `share` of the delta of the adapter in `folder` into the weights of `model`, in place.

    Raises InputError where the adapter does not fit the model; the model is then as it was.
    """
    import torch

    weights = dict(model.named_parameters())
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    for name, shape in ((name, (b.shape[0], a.shape[1])) for name, _, a, b in factors(folder)):
        if shapes.get(name) != shape:
            found = f"is {shapes[name]} there" if name in shapes else "is not there"
            raise InputError(
                f"{folder}: the adapter changes {name} of shape {shape} of another model; it {found}."
            )
    with torch.no_grad():
        for name, delta in lora_delta(folder):
            weights[name].add_(delta.to(weights[name]), alpha=share)


def lora_delta(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """What the adapter in `folder` adds to each weight: its name in the model, scale * B @ A.

    One after the other: all of them are as large as the model.
    """
    for name, scale, a, b in factors(folder):
        yield name, scale * (b.float() @ a.float())


def factors(folder: Path) -> Iterator[tuple[str, float, torch.Tensor, torch.Tensor]]:
    """Of each weight that the adapter in `folder` changes: its name in the model, scale, A and B."""
    from safetensors import safe_open

    settings = _settings(folder)
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        keys = set(file.keys())
        if odd := sorted(key for key in keys if not key.endswith((_A, _B)) or not key.startswith(_PREFIX)):
            raise InputError(f"{folder}: only LoRA of linear layers can be added; the adapter has {odd[0]}.")
        for key in sorted(key for key in keys if key.endswith(_A)):
            module = key.removesuffix(_A)
            a, b = file.get_tensor(key), file.get_tensor(module + _B)
            rank = a.shape[0]
            scale = settings["lora_alpha"] / (rank**0.5 if settings.get("use_rslora") else rank)
            yield module.removeprefix(_PREFIX) + ".weight", scale, a, b


def _settings(folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: is no LoRA adapter in peft's format: {error}") from None
    for name, plain in _PLAIN.items():
        if settings.get(name, plain[-1]) not in plain:
            raise InputError(f"{folder}: an adapter with {name} = {settings[name]!r} cannot be added.")
    return settings
