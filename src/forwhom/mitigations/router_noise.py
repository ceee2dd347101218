"""Noise on a user's routing: which experts are seen to be busy tells less of what they were busy with.

Who shares the machine sees how busy each expert is (Ding et al., arXiv:2508.15036). A token's experts are run
for a random part of the other tokens, too, and their output dropped: answers stay as they are, and only the
load that is seen is covered up. Where a user has one mixture for everything there is nothing to run in
vain, so the mixture itself is blended with a random one. The noise is drawn once a fit, by a key of the
deployment's, as in the permanent response of RAPPOR (arXiv:1407.6981): who looks again sees the same.

Limit: the noise of each block is drawn by itself, so an insider with other users' loads to compare averages
it away over the blocks: where tokens choose experts it was measured to stop nothing. Each fit draws anew, so
many fits of one user average it away, too; and covering costs the work that is done in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pydantic import Field

from forwhom.paradigms.experts import Mixture
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.weights import WeightChange

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class CoveredMixture(Mixture):
    """scale, secret: the knobs of RouterNoise. user: whose routing it is: two users draw apart."""

    scale: float = 0.0
    secret: int = 0
    user: str = ""

    @property
    def determined_by(self) -> Any:
        return [super().determined_by, self.scale, self.secret, self.user]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        from forwhom.systems.models.routed import rewrite_routing

        super().fit(model, tokenizer, folder)
        seed = crc32(f"{self.secret}:{self.key}".encode())

        def cover(kept: dict[str, torch.Tensor]) -> None:
            if "mixture" in kept:
                kept["mixture"] = blended(kept["mixture"], self.scale, seed)
            else:
                kept["load"] = covered(kept["load"], self.scale, seed)

        rewrite_routing(folder, cover)


@mitigation(
    name="router_noise", stages=("weights",), entry="covered-routing", reduces=("routing-side-channel",),
    source="arXiv:1407.6981", of=("experts",),
)  # fmt: skip
class RouterNoise(Mitigation):
    """scale: each expert of a block is run in vain for a random share, at most this, of the tokens that it
    did not get; of a mixture: how much of it is random. secret: what an attacker must not know: with it the
    noise can be computed and taken off again. Who knows only that there is noise finds no words against it.
    """

    scale: float = Field(default=0.9, ge=0, le=1)
    secret: int = 0

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Mixture):
            return change
        return CoveredMixture(
            change.text, change.beside, change.routing, change.k, change.lean, change.safety_floor,
            change.experts, self.scale, self.secret, exchange.known.id,
        )  # fmt: skip


def covered(load: torch.Tensor, scale: float, seed: int) -> torch.Tensor:
    """load: (blocks, experts), the share of tokens that each ran for. What is seen when each runs in vain for
    a random share of the rest."""
    vain = scale * _drawn(load.shape, seed)
    return load + (1 - load) * vain


def blended(mixture: torch.Tensor, scale: float, seed: int) -> torch.Tensor:
    """mixture: (experts,), sums to 1; with `scale` of one drawn evenly from all mixtures."""
    exponential = -(1 - _drawn(mixture.shape, seed)).log()
    return (1 - scale) * mixture + scale * exponential / exponential.sum()


def _drawn(shape: Any, seed: int) -> torch.Tensor:
    import torch

    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))
