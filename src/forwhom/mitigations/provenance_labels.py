"""Provenance labels: the model reads of every note and document who wrote it.

The plainest form of marking what is data (arXiv:2403.14720), as the layers that remember offer it
themselves. Limit: a label is a word among words: a model may obey what stands behind it all the same.
"""

from __future__ import annotations

from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely


@mitigation(
    name="provenance_labels",
    stages=("context",),
    entry="provenance-tagging",
    reduces=(
        "memory-poisoning",
        "instruction-in-content",
        "delayed-memory-injection",
        "typographic-instruction",
    ),
    source="arXiv:2403.14720",
    of=("retrieval", "agents", "multimodal"),
)
class ProvenanceLabels(Mitigation):
    """No knobs: every layer that can marks what the user did not tell it."""

    def hardens(self, layer: Layer) -> Layer:
        return set_safely(layer, marks_provenance=True)
