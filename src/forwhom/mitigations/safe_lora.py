"""Safe LoRA: of what training changes, keep what lies where alignment had changed the weights.

Hsu et al., arXiv:2405.16833. With V = W_aligned - W_unaligned of each weight and C = V V^T / |V| (Frobenius),
an update D is replaced by C D where the two point apart: cos(D, C D) < threshold. It needs no data and no
training, but the weights from before the alignment. C also scales an update by about the size of V: where
alignment was a small step, what is replaced is all but taken out, and the threshold then decides in how many
weights anything is learned at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.models.weights import EMBEDDED, SAFE, model_hash, torch_folder
from forwhom.systems.weights import Around, Undo, WeightChange

if TYPE_CHECKING:
    import torch

_OF = ("finetuning", "reinforcement")


def project(
    delta: torch.Tensor,
    aligned: torch.Tensor,
    unaligned: torch.Tensor,
    threshold: float = 0.35,
) -> torch.Tensor:
    """What is kept of `delta`, the update of one weight; all three of the shape (out, in).

    All of it where alignment did not change the weight, or where the cosine is `threshold` or more.
    """
    moved = _moved(delta, aligned - unaligned)
    return delta if moved is None or _cosine(delta, moved) >= threshold else moved


def project_lora(
    model: Any,
    aligned: Mapping[str, torch.Tensor],
    unaligned: Mapping[str, torch.Tensor],
    threshold: float = 0.35,
    adapter: str = "default",
) -> list[str]:
    """The same for every LoRA layer of a model of peft, in place; the names of the weights that were changed.

    aligned, unaligned: state dicts of the two models underneath. Only B is changed: C (B A) = (C B) A.
    """
    import torch

    changed = []
    with torch.no_grad():
        for path, layer in model.named_modules():
            name = path.removeprefix("base_model.model.") + ".weight"
            if adapter not in getattr(layer, "lora_B", ()) or name not in aligned:
                continue
            a, b = layer.lora_A[adapter].weight, layer.lora_B[adapter].weight
            moved = _moved(b.float(), (aligned[name] - unaligned[name]).float())
            if moved is not None and _cosine(b.float() @ a.float(), moved @ a.float()) < threshold:
                b.copy_(moved)
                changed.append(name)
    return changed


def _moved(delta: torch.Tensor, alignment: torch.Tensor) -> torch.Tensor | None:
    """C D; None where there is no alignment to keep to."""
    size = alignment.norm()
    return alignment @ (alignment.T @ delta) / size if size else None


def _cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    """0 where nothing is left of either."""
    one, other = one.detach(), other.detach()
    sizes = float(one.norm() * other.norm())
    return float((one * other).sum()) / sizes if sizes else 0.0


@dataclass(frozen=True)
class Projected(Around):
    """Learned as the inner change is; of what that does to each weight is kept what `project` keeps."""

    threshold: float
    aligned: str
    unaligned: str

    @property
    def determined_by(self) -> Any:
        pair = [model_hash(self.aligned), model_hash(self.unaligned)]
        return ["safe_lora", self.threshold, pair, self.inner.determined_by]

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        weights = {name: one for name, one in model.named_parameters() if one.ndim == 2}
        before = {name: one.detach().clone() for name, one in weights.items()}
        undo = self.inner.apply(model, folder)
        keep = partial(project, threshold=self.threshold)
        with _opened(self.aligned) as aligned, _opened(self.unaligned) as unaligned:
            known = set(aligned.keys())
            for name, was in before.items():
                delta = weights[name] - was
                if name in known and delta.any():
                    weights[name].copy_(
                        was + keep(delta, aligned.get_tensor(name), unaligned.get_tensor(name))
                    )
        return undo


def _opened(model: str) -> Any:
    from safetensors import safe_open

    return safe_open(torch_folder(model) / "model.safetensors", framework="pt")


@mitigation(
    name="safe_lora",
    stages=("weights",),
    entry="constrained-updates",
    reduces=("alignment-erosion",),
    source="arXiv:2405.16833",
    of=_OF,
)
class SafeLora(Mitigation):
    """threshold: below which cosine the update of a weight is projected; above 1: always. aligned: the model
    that is served; unaligned: the one from before its alignment; each as after forwhom/.
    """

    threshold: float = Field(default=0.35, ge=-1)
    aligned: str = SAFE
    unaligned: str = EMBEDDED

    def why_not(self, model: str) -> str:
        if model == f"forwhom/{self.aligned}":
            return ""
        return (f"'{self.name}' needs the weights from before the alignment of '{model}'. It knows those of "
                f"forwhom/{self.aligned}. For another model, name both files: "
                "safe_lora: {aligned: PATH.gguf, unaligned: PATH.gguf}.")  # fmt: skip

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if change.layer not in _OF:  # a mask removes weights: to project that would put some back
            return change
        return Projected(change, self.threshold, self.aligned, self.unaligned)
