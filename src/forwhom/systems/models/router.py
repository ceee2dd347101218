"""Which expert a token is sent to: a linear router in every block, and three ways to decide by its scores.

Token choice: a token takes its k best experts. Expert choice (Zhou et al., arXiv:2202.09368): an expert takes
the tokens of a batch that score highest, as many as it has room for. The third way, one mixture per user,
has no scores of tokens and is merged into the weights.

A batch of expert choice is this: one token of the user and the tokens of whoever is served beside them, as
when every sequence of a server adds one token at a time. So a token of the user competes with the others'
tokens and not with the user's own: what it computes does not hang on how prompts are cut and packed here,
and all that two answers can differ by is who was beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import torch

_STEPS = 60


@dataclass(frozen=True)
class Router:
    """weights: (blocks, experts, hidden size + 1). lean: (blocks, experts), added to the scores: what the
    user's own text leans to. k: experts a token has on average.

    beside: for expert choice: (blocks, tokens, experts), the scores of the batch's other tokens; None for
    token choice. always: (experts,), a part of every gate that no routing takes away; sums to less than 1.
    """

    weights: torch.Tensor
    lean: torch.Tensor
    k: int
    always: torch.Tensor
    beside: torch.Tensor | None = None

    def scores(self, block: int, read: torch.Tensor) -> torch.Tensor:
        """What block `block` reads, (..., hidden size), to a share for each expert, (..., experts)."""
        weights = self.weights[block]
        logits = read @ weights[:, :-1].T + weights[:, -1] + self.lean[block]
        return logits.softmax(-1)

    def gates(self, block: int, read: torch.Tensor) -> torch.Tensor:
        """How much of each expert a token gets, (..., experts)."""
        scores = self.scores(block, read)
        chosen = best(scores, self.k) if self.beside is None else taken(scores, self.beside[block], self.k)
        return self.always + (1 - self.always.sum()) * chosen


def best(scores: torch.Tensor, k: int) -> torch.Tensor:
    """The k highest of each row, made to sum to 1."""
    top, places = scores.topk(min(k, scores.shape[-1]), dim=-1)
    chosen = torch.zeros_like(scores).scatter_(-1, places, top)
    return chosen / chosen.sum(-1, keepdim=True)


def taken(scores: torch.Tensor, beside: torch.Tensor, k: int) -> torch.Tensor:
    """The scores of the experts that take a token in a batch with the tokens of `beside`, else 0.

    Room of an expert: k tokens of the batch's n + 1 for each of the experts' number. A token that nobody
    takes passes by all of them.
    """
    count, experts = beside.shape
    room = ceil(k * (count + 1) / experts)
    if room > count:
        return scores
    last = beside.sort(0, descending=True).values[room - 1]  # who is above it finds room
    return torch.where(scores > last, scores, torch.zeros_like(scores))


def learn_router(read: torch.Tensor, theme_of: Sequence[int], decay: float) -> torch.Tensor:
    """Softmax regression in every block at once: (blocks, tokens, size) to (blocks, experts, size + 1).

    theme_of: the theme, from 0, of every token. Themes count alike, however many tokens they have. decay:
    L2 on the weights.
    """
    blocks, _, size = read.shape
    themes = torch.tensor(theme_of)
    experts = int(themes.max()) + 1
    read = torch.cat([read, torch.ones(*read.shape[:2], 1)], -1)
    rarity = 1 / (experts * torch.bincount(themes, minlength=experts).float())
    with torch.enable_grad():
        weights = torch.zeros(blocks, experts, size + 1, requires_grad=True)
        optimizer = torch.optim.Adam([weights], lr=0.05)
        for _ in range(_STEPS):
            optimizer.zero_grad()
            logs = torch.einsum("bts,bes->bte", read, weights).log_softmax(-1)
            told = logs.gather(-1, themes[None, :, None].expand(blocks, -1, 1))[..., 0]
            loss = -(told * rarity[themes]).sum() + decay * weights.square().sum()
            loss.backward()
            optimizer.step()
    return weights.detach()


def block_inputs(model: Any, ids: Sequence[int]) -> torch.Tensor:
    """What every block reads of the tokens, after its norm: (blocks, tokens, hidden size)."""
    read: list[torch.Tensor] = []
    hooks = [
        block.input_layernorm.register_forward_hook(lambda _, __, normed: read.append(normed[0]))
        for block in model.model.layers
    ]
    try:
        with torch.no_grad():
            model.model(torch.tensor([list(ids)]), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(read)
