"""Batch isolation: no other user's tokens compete with this one's for the room of an expert.

Where experts choose tokens, who else is in the batch decides which of a user's tokens an expert still takes:
others can change an answer on purpose (Hayes et al., arXiv:2402.05526) and read a prompt by it (Yona et al.,
arXiv:2410.22884). One user a batch, and there is nobody to be crowded out by. Limit: throughput, which is
what batches are for; and nothing is said of what can be seen of a user's own routing.
"""

from __future__ import annotations

from dataclasses import replace

from forwhom.paradigms.experts import Mixture
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.weights import WeightChange


@mitigation(
    name="batch_isolation", stages=("weights",), entry="batch-isolation", reduces=("cross-user-batching",),
    source="arXiv:2402.05526", of=("experts",), stops_adversaries=True,
)  # fmt: skip
class BatchIsolation(Mitigation):
    """Has no knobs: a batch is of one user, or it is not. An expert then takes every token of it, at its
    score. Whoever attacks by what they say in the batch is not in it: no wording helps."""

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        return replace(change, beside="") if isinstance(change, Mixture) else change
