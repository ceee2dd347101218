"""Expiry: a note lapses after some sessions, and what the user said later wins over what they said before.

Storage limitation (GDPR, Article 5(1)(e)), and the updates of knowledge that LongMemEval (arXiv:2410.10813)
asks for. Limit: that two notes are about the same is judged by nearness in words: a correction worded anew
does not reach what it corrects, and of two things of one kind the older is passed over. What is true for
life (an allergy) lapses as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from forwhom.mitigations.topics import nearness
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.users.user import Provenance


def is_superseded(note: str, later: Sequence[str], near: float = 0.4) -> bool:
    """Whether any of the `later` texts is about the same as `note`: a cosine of at least `near`."""
    return max(nearness(note, [one for one in later if one != note]), default=-1.0) >= near


@mitigation(
    name="expiry",
    stages=("memory", "context"),
    entry="memory-consent-and-expiry",
    reduces=("stale-memory",),
    source="arXiv:2410.10813",
)
class Expiry(Mitigation):
    """sessions: after how many a note lapses; 0: never. near: from which cosine a later word of the user is
    about the same as a note, and takes its place; 1: never.
    """

    sessions: int = Field(default=50, ge=0)
    near: float = Field(default=0.4, ge=-1, le=1)

    def recalls(self, text: str, provenance: Provenance, session: int | None, exchange: Exchange) -> bool:
        if self.sessions and session is not None and exchange.session - session >= self.sessions:
            return False
        return not is_superseded(text, _said_after(text, exchange), self.near)


def _said_after(text: str, exchange: Exchange) -> list[str]:
    """What the user said after `text` was last said or shown; all of it, where it was known before."""
    said = [one.as_note for one in exchange.log]
    since = max((place for place, one in enumerate(said) if one == text), default=-1)
    return [one.as_note for one in exchange.log[since + 1 :]
            if one.is_by(exchange.known) and one.kind in ("say", "edit_profile")]  # fmt: skip
