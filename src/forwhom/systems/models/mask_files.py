"""Masks on disk, a bit a weight; and what somebody who sees a mask can make of it, in a few hundred numbers.

The whole mask of a small model has a hundred million bits. An attack needs what tells users apart; a
count sketch (every value added with a fixed random sign to one of a few hundred sums) keeps differences
between users as they are, up to noise, and has the same length for every model.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from forwhom.systems.models.wanda import Masks

_LENGTH = 512


def write_masks(masks: Masks, path: Path) -> None:
    packed: dict[str, torch.Tensor] = {}
    for name, kept in masks.items():
        packed[f"{name}|bits"] = torch.from_numpy(np.packbits(kept.numpy()))
        packed[f"{name}|shape"] = torch.tensor(kept.shape)
    save_file(packed, path)


def read_masks(path: Path) -> Masks:
    packed = load_file(path)
    masks: Masks = {}
    for name in (one.removesuffix("|bits") for one in packed if one.endswith("|bits")):
        shape = packed[f"{name}|shape"].tolist()
        bits = np.unpackbits(packed[f"{name}|bits"].numpy(), count=prod(shape))
        masks[name] = torch.from_numpy(bits).view(torch.bool).reshape(shape)
    return masks


def write_view(shares: torch.Tensor, path: Path) -> None:
    save_file({"seen": sketch(shares)}, path)


def read_view(path: Path) -> tuple[float, ...]:
    return tuple(load_file(path)["seen"].tolist())


def sketch(values: torch.Tensor, length: int = _LENGTH) -> torch.Tensor:
    """Shape (length,). The inner product of two sketches is that of the values, in expectation."""
    hashed = torch.arange(len(values), dtype=torch.int64)
    for factor, shift in ((0x9E3779B1, 16), (0x85EBCA6B, 13), (0xC2B2AE35, 16)):  # mixed as MurmurHash3 does
        hashed = (hashed * factor) % 2**32
        hashed = hashed ^ (hashed >> shift)
    sign = (hashed & 1) * 2.0 - 1.0
    return torch.zeros(length, dtype=values.dtype).index_add_(0, (hashed >> 1) % length, values * sign)
