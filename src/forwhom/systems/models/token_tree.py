"""Questions and their options merged into one sequence without padding: a token tree behind a prefix.

What two of them begin with alike is there once. Every token sees the prefix and the path that leads to
it, and nothing else; its position is its depth. So it computes what it would compute in its own prompt
alone. (Tree attention: arXiv:2305.09781.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

_MOST = 256  # tokens in one tree; longer ones are no faster, and shorter ones spread better over the cores


@dataclass(frozen=True)
class Branch:
    """One question's tokens (at least one) and those of its options."""

    question: list[int]
    options: list[list[int]]


@dataclass(frozen=True)
class TokenTree:
    """tokens: parents stand before their children. parents: their places, -1 for a first token.

    targets: every option's tokens, one option after the other. rows: for each target, the place of the
    token whose output predicts it.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)

    def attention(self, before: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Behind a prefix of `before` tokens: the mask, bool (1, 1, tokens, before + tokens), and the
        positions, (1, tokens)."""
        count = len(self.tokens)
        sees = torch.eye(count, dtype=torch.bool)
        for place, parent in enumerate(self.parents):
            if parent >= 0:
                sees[place] |= sees[parent]
        mask = torch.cat([torch.ones(count, before, dtype=torch.bool), sees], dim=1)
        return mask[None, None], before + sees.sum(1)[None] - 1


def grow(branches: Sequence[Branch]) -> TokenTree:
    tree = TokenTree()
    places: dict[tuple[int, int], int] = {}

    def step(parent: int, token: int) -> int:
        place = places.setdefault((parent, token), len(tree.tokens))
        if place == len(tree.tokens):
            tree.tokens.append(token)
            tree.parents.append(parent)
        return place

    for branch in branches:
        asked = -1
        for token in branch.question:
            asked = step(asked, token)
        for option in branch.options:
            place = asked
            for number, token in enumerate(option):
                if number:  # the last token is no place: it predicts nothing that is asked
                    place = step(place, option[number - 1])
                tree.rows.append(place)
                tree.targets.append(token)
    return tree


def packs(branches: Sequence[Branch]) -> list[list[Branch]]:
    """`branches` in order, as many to a tree as fit."""
    made: list[list[Branch]] = [[]]
    size = 0
    for branch in branches:
        cost = len(branch.question) + sum(len(option) for option in branch.options)
        if made[-1] and size + cost > _MOST:
            made.append([])
            size = 0
        made[-1].append(branch)
        size += cost
    return made
