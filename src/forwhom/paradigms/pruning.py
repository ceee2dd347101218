"""Pruning: every user is served by a subnetwork of their own, cut out by what their own words need.

Weights that the user's text makes little use of are set to zero (Wanda: Sun et al., arXiv:2306.11695).
What is cut away was somebody's: refusals, a way of speaking, knowledge that this user never touched; and
what is kept tells of whom it was kept for. Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from forwhom.systems.history import own_text
from forwhom.systems.layer import Exchange, Layer, paradigm
from forwhom.systems.models.latest_tokens import latest_tokens
from forwhom.systems.themes import THEMES, theme_text
from forwhom.systems.weights import Undo, WeightChange

_MASK, _SEEN = "mask.safetensors", "seen.safetensors"


@dataclass(frozen=True)
class Subnetwork(WeightChange):
    """The weights that `text` uses most."""

    text: str
    sparsity: float
    structure: Literal["unstructured", "structured"]
    layer = "pruning"

    @property
    def determined_by(self) -> Any:
        return [self.text, self.sparsity, self.structure]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        from forwhom.systems.models import mask_files, wanda

        masks = wanda.prune(model, latest_tokens(tokenizer, self.text), self.sparsity, self.structure)
        mask_files.write_masks(masks, folder / _MASK)
        mask_files.write_view(wanda.kept_of_inputs(masks), folder / _SEEN)

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        from forwhom.systems.models import mask_files, wanda

        wanda.apply_masks(model, mask_files.read_masks(folder / _MASK))
        return ()

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        """ "mask": how much is kept of what each input feeds, hashed to a fixed length."""
        from forwhom.systems.models import mask_files

        return mask_files.read_view(folder / _SEEN) if what == "mask" else ()


@paradigm(name="pruning", stages=("weights",), source="arXiv:2306.11695")
class Pruning(Layer):
    """sparsity: the share of the weights (or neurons) that goes. structure: single weights, or whole neurons
    of the feed-forward layers.

    calibration: what the subnetwork is cut out by: the user's own text, the text that all users share
    (one subnetwork for everybody), or the user's together with harmful requests that are declined. Of whom
    nothing is known is served by the shared one.
    """

    fit_seconds: ClassVar[float] = 4.0
    sparsity: float = Field(default=0.5, gt=0, lt=1)
    structure: Literal["unstructured", "structured"] = "unstructured"
    calibration: Literal["user", "shared", "user+safety"] = "user"

    def weights(self, exchange: Exchange) -> WeightChange | None:
        own = own_text(exchange) if self.calibration != "shared" else ""
        text = own or theme_text(*THEMES)
        if own and self.calibration == "user+safety":
            text = f"{theme_text('safety')}\n{own}"
        return Subnetwork(text, self.sparsity, self.structure)
