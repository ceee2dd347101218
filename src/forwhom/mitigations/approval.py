"""Approval: what an agent does unasked is put to the user first, who declines it.

Human confirmation is asked for in the OWASP Top 10 for LLM Applications (2025) and among the design patterns
of arXiv:2506.08837. The simulated user reads every question and remembers what they asked for; real ones who
are asked often confirm without reading, so what is measured is the most that it can do.
"""

from __future__ import annotations

from collections.abc import Callable

from forwhom.mitigations.claims import claiming_consent
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange, Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely
from forwhom.systems.turns import Turn

APPROVES = "approval:approves"
"""In the notes of an Exchange: who is asked, where somebody is there to be asked (forwhom.protect)."""

Approver = Callable[[Attempt], bool]


def needs_approval(attempt: Attempt) -> bool:
    """Whether it has an effect that the request does not ask for, or for somebody whom it does not name."""
    return attempt.is_effectful and not (attempt.is_asked and attempt.is_named)


@mitigation(
    name="approval",
    stages=("action",),
    entry="human-confirmation",
    reduces=("instruction-in-content", "over-reach", "delayed-memory-injection"),
    source="arXiv:2506.08837",
    of=("agents",),
    stops_adversaries=True,
)
class Approval(Mitigation):
    """No knobs: `Agents(confirms=True)`; around a live client its owner names who is asked."""

    def hardens(self, layer: Layer) -> Layer:
        return set_safely(layer, confirms=True)

    def lets(self, attempt: Attempt, exchange: Exchange) -> Attempt | None:
        approves: Approver | None = exchange.notes.get(APPROVES)
        if approves is None or not needs_approval(attempt):
            return attempt
        return attempt if approves(attempt) else None

    def evades(self, turn: Turn) -> Turn:
        return claiming_consent(turn)
