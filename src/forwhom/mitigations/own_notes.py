"""Own notes: an agent keeps for later sessions only what its user said, and nothing that it read.

A gate before the memory: what others wrote cannot wait there to be obeyed in a later session (memory as the
way in for attacks on agents: arXiv:2503.16248). The user's own words must stand in the note as they are, so
that a true summary of them is not kept either.
"""

from __future__ import annotations

from forwhom.mitigations.claims import claiming_consent
from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely
from forwhom.systems.turns import Turn


@mitigation(
    name="own_notes",
    stages=("memory", "action"),
    entry="memory-consent-and-expiry",
    reduces=("delayed-memory-injection",),
    source="arXiv:2503.16248",
    of=("agents",),
    stops_adversaries=True,
)
class OwnNotes(Mitigation):
    """No knobs: `Agents(remembers="own")`."""

    def hardens(self, layer: Layer) -> Layer:
        return set_safely(layer, remembers="own")

    def evades(self, turn: Turn) -> Turn:
        return claiming_consent(turn)
