"""Calibration with requests to decline: a user's subnetwork keeps the weights that refusing rests on.

Wei et al., arXiv:2402.05162, find that few weights carry refusals, and that weights are scored useless if the
text by which they are scored never refuses. So harmful requests that are declined are read before the
user's own text. Limit: it keeps what such requests need; the topics of the declined requests are few, and a
mask made for two purposes serves each a little worse.
"""

from __future__ import annotations

from forwhom.paradigms.pruning import Pruning
from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation


@mitigation(
    name="safety_calibration", stages=("weights",), entry="refusal-preserving-pruning-calibration",
    reduces=("pruned-refusal", "alignment-erosion"), source="arXiv:2402.05162", of=("pruning",),
)  # fmt: skip
class SafetyCalibration(Mitigation):
    """Has no knobs. A subnetwork that everybody shares is left as it is: the shared text declines, too."""

    def hardens(self, layer: Layer) -> Layer:
        if isinstance(layer, Pruning) and layer.calibration == "user":
            return layer.model_copy(update={"calibration": "user+safety"})
        return layer
