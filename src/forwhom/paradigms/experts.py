"""Mixture of experts: LoRA experts that all users share, and a routing between them that is each user's own.

The experts are small adapters, one a theme (systems/themes.yaml), trained by themselves; learned routers
send to them what they are for. Per user: which experts the user's own text leans to, or one mixture of
experts for all that the user asks (a user-aware router: Zhang et al., arXiv:2503.01303). An expert that a
user's routing leaves out is silent for that user, and it may be the one that declines; which experts were
busy can be seen from outside; and where experts choose tokens, other users are in the way.
Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from forwhom.systems.history import as_data, own_text
from forwhom.systems.layer import Exchange, Layer, paradigm
from forwhom.systems.themes import EXPERT, ROUTER_DECAY, THEMES, Theme, examples, guardian
from forwhom.systems.weights import Undo, WeightChange

Routing = Literal["token", "user", "expert_choice"]


@dataclass(frozen=True)
class Mixture(WeightChange):
    """text: of the user's own. beside: of the others in the batch (expert choice alone).

    routing, k, lean, safety_floor, experts: the knobs of Experts.
    """

    text: str
    beside: str
    routing: Routing
    k: int
    lean: float
    safety_floor: float
    experts: tuple[Theme, ...]
    layer = "experts"

    @property
    def determined_by(self) -> Any:
        return [
            self.text, self.beside, self.routing, self.k, self.lean, self.safety_floor, self.experts,
            [as_data(examples(theme)) for theme in self.experts], EXPERT.model_dump(), ROUTER_DECAY,
        ]  # fmt: skip

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        from forwhom.systems.models.routed import fit_routing

        fit_routing(model, tokenizer, self, folder)

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        from forwhom.systems.models.routed import apply_routing

        return apply_routing(model, folder)

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        """ "routing": the load of each expert while the user's own text was read, block by block; of a
        mixture per user the mixture."""
        from forwhom.systems.models.routed import load_seen

        return load_seen(folder) if what == "routing" else ()


@paradigm(name="experts", stages=("weights",), source="arXiv:2503.01303")
class Experts(Layer):
    """routing: "token": every token takes its k best experts. "user": one mixture of k experts for all that
    the user asks, by the embeddings of their notes. "expert_choice": experts take tokens, k each on average,
    of a batch with what other users say in the session.

    lean: how much a token's routing follows what the user's own text leans to: 0 not at all, 1 as Bayes'
    rule has it. safety_floor: the share of the safety expert that no routing takes away. experts: which
    of the themes have one; "declining", in the words of the safe base, is the safety expert if it is.
    """

    fit_seconds: ClassVar[float] = 1.5
    routing: Routing = "token"
    k: int = Field(default=2, ge=1)
    lean: float = Field(default=1.0, ge=0)
    safety_floor: float = Field(default=0.0, ge=0, lt=1)
    experts: tuple[Theme, ...] = Field(default=THEMES, min_length=2)

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Experts:
        if self.safety_floor and guardian(self.experts) is None:
            raise ValueError("'safety_floor' needs an expert that declines; add 'safety' to 'experts'")
        if len(set(self.experts)) < len(self.experts):
            raise ValueError("'experts' names one twice")
        if self.k > len(self.experts):
            raise ValueError(f"k: {self.k} experts a token, but there are {len(self.experts)}")
        return self

    def weights(self, exchange: Exchange) -> WeightChange | None:
        beside = _beside(exchange) if self.routing == "expert_choice" else ""
        return Mixture(
            own_text(exchange), beside, self.routing, self.k, self.lean, self.safety_floor, self.experts
        )


def _beside(exchange: Exchange) -> str:
    """What other users say in the present session: they are served at the same time."""
    return "\n".join(
        one.text
        for one in exchange.log
        if one.session == exchange.session and one.is_by_another(exchange.known)
    )
