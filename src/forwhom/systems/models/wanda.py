"""Which weights of a model matter least for a given text, and the model without them.

Wanda (Sun et al., arXiv:2306.11695): a weight counts for its magnitude times the L2 norm of the input that
it is multiplied with. Within each output the least of them go. Whole neurons of the feed-forward layers
are scored alike, by the column that carries a neuron's activation onwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import numpy as np
import torch

Structure = Literal["unstructured", "structured"]
Masks = dict[str, torch.Tensor]
"""What is kept (bool): by linear layer its weights, (out, in); or, structured, by block its neurons."""


def prune(model: Any, ids: list[int], sparsity: float, structure: Structure) -> Masks:
    """Prune the blocks of `model` in place, by what the tokens `ids` make each of them read.

    Block by block, as published: a block is scored on what the pruned ones before it give. sparsity: the
    share that goes, in [0, 1). Embeddings, norms and the head are left alone.
    """
    masks: Masks = {}
    with ExitStack() as hooks, torch.no_grad():
        for number, block in enumerate(model.model.layers):
            norms = hooks.enter_context(_input_norms(block))
            prune_block = _pruner(f"layers.{number}", norms, masks, sparsity, structure)
            hooks.callback(block.register_forward_hook(prune_block, with_kwargs=True).remove)
        model.model(torch.tensor([ids]), use_cache=False)
    return masks


def apply_masks(model: Any, masks: Masks) -> None:
    """Zero in place what `masks` do not keep."""
    with torch.no_grad():
        for name, kept in masks.items():
            part = model.model.get_submodule(name)
            if isinstance(part, torch.nn.Linear):
                part.weight.mul_(kept)
            else:
                _silence(part, kept)


def kept_of_inputs(masks: Masks) -> torch.Tensor:
    """For every input of every linear layer the share of its weights that is kept, in [0, 1]; for neurons
    whether each is kept. A share is what remains comparable between users: of an output's weights the same
    number goes whoever calibrates."""
    return torch.cat([kept.float().mean(0) if kept.dim() == 2 else kept.float() for kept in masks.values()])


def _pruner(
    name: str, norms: dict[str, torch.Tensor], masks: Masks, sparsity: float, structure: Structure
) -> Callable[..., Any]:
    """A hook that prunes its block once it has run, and runs it again: the next one reads the pruned."""
    is_pruned = False

    def prune_block(block: Any, args: Any, kwargs: Any, output: Any) -> Any:
        nonlocal is_pruned
        if is_pruned:
            return None
        is_pruned = True
        if structure == "structured":
            score = block.mlp.down_proj.weight.norm(dim=0) * norms["mlp.down_proj"]
            masks[f"{name}.mlp"] = _above(score[None], sparsity)[0]
            _silence(block.mlp, masks[f"{name}.mlp"])
        else:
            for part, linear in _linear(block):
                kept = _above(linear.weight.abs() * norms[part], sparsity)
                masks[f"{name}.{part}"] = kept
                linear.weight.mul_(kept)
        return block(*args, **kwargs)

    return prune_block


@contextmanager
def _input_norms(block: Any) -> Iterator[dict[str, torch.Tensor]]:
    """By linear layer the L2 norm of each input over the tokens that pass while this is open."""
    norms: dict[str, torch.Tensor] = {}

    def note(part: str) -> Callable[..., None]:
        def hook(linear: Any, inputs: Any) -> None:
            norms[part] = inputs[0].flatten(0, -2).norm(dim=0)

        return hook

    hooks = [linear.register_forward_pre_hook(note(part)) for part, linear in _linear(block)]
    try:
        yield norms
    finally:
        for hook in hooks:
            hook.remove()


def _linear(block: Any) -> list[tuple[str, Any]]:
    return [(name, part) for name, part in block.named_modules() if isinstance(part, torch.nn.Linear)]


def _above(scores: torch.Tensor, sparsity: float) -> torch.Tensor:
    """Per row: all but the least `sparsity` of the scores. Ties with the last that goes go, too."""
    count = int(scores.shape[1] * sparsity)
    if not count:
        return torch.ones_like(scores, dtype=torch.bool)
    # numpy selects without sorting, twenty times as fast as torch does on a CPU.
    last = np.partition(scores.numpy(), count - 1, axis=1)[:, count - 1]
    return scores > torch.from_numpy(last)[:, None]


def _silence(mlp: Any, kept: torch.Tensor) -> None:
    mlp.gate_proj.weight.mul_(kept[:, None])
    mlp.up_proj.weight.mul_(kept[:, None])
    mlp.down_proj.weight.mul_(kept)
