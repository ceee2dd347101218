"""Channel partition: to whomever an agent writes, it has only the memory of that part of the user's life.

What is not before the model cannot be told (agents leak what they know should stay private:
arXiv:2409.00138). Which fact belongs where must be known, and a fact that two parts need is in one of them.
"""

from __future__ import annotations

from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely


@mitigation(
    name="channel_partition",
    stages=("context", "action"),
    entry="minimal-disclosure",
    reduces=("cross-channel-disclosure",),
    source="arXiv:2409.00138",
    of=("agents",),
)
class ChannelPartition(Mitigation):
    """No knobs: `Agents(channels="apart")`."""

    def hardens(self, layer: Layer) -> Layer:
        return set_safely(layer, channels="apart")
