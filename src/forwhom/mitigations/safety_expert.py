"""An expert for safety that no routing leaves out: every token gets a share of it, whoever asks.

Refusing can hang on very few experts (Lai et al., SAFEx, arXiv:2506.17368), and a routing that follows a user
who never met a refusal does not run them. An expert that always runs, as the shared ones of DeepSeekMoE do
(arXiv:2401.06066), cannot be routed around. It learns from pairs, a request to decline and a fair one beside
it, in the words of the base: an expert of refusals alone declines everything. Limit: what it learned also
colours answers that nobody should decline, the more the larger its share; and the probe of refusals asks for
the same beginnings of an answer as it learned, of other topics.
"""

from __future__ import annotations

from pydantic import Field

from forwhom.paradigms.experts import Experts
from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation

_DECLINING = "declining"


@mitigation(
    name="safety_expert", stages=("weights",), entry="protected-safety-expert",
    reduces=("silenced-safety-experts", "alignment-erosion"), source="arXiv:2506.17368", of=("experts",),
)  # fmt: skip
class SafetyExpert(Mitigation):
    """floor: the share of an expert that declines which every token gets, at least; the rest is routed
    between all experts, that one too. A deployment is given such an expert, unless its own has that floor
    already."""

    floor: float = Field(default=0.5, gt=0, lt=1)

    def hardens(self, layer: Layer) -> Layer:
        if not isinstance(layer, Experts) or layer.safety_floor >= self.floor:
            return layer
        experts = layer.experts if _DECLINING in layer.experts else (*layer.experts, _DECLINING)
        # Made anew: a copy would not be checked.
        return Experts(**{**layer.model_dump(), "experts": experts, "safety_floor": self.floor})
