"""Domain partition: a note is read only for requests of its own part of life.

Health notes for requests about health, and none for the team page: what is fitting in one setting is not in
another (contextual integrity, as in arXiv:2405.05175). A note belongs to the topics that its words name
(topics.yaml), or is near enough to the request. Limit: a request that names a topic opens all of its notes,
whoever makes it.
"""

from __future__ import annotations

from pydantic import Field

from forwhom.mitigations.topics import domains_for, nearness, topics_of
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.users.attributes import catalogue
from forwhom.users.user import Provenance


def belongs(note: str, request: str, near: float = 0.35, domain: str = "") -> bool:
    """Whether `note` is of a part of life that `request` is about. domain: of the note, where it is known."""
    if domain:
        return domain in domains_for(request)
    return bool(topics_of(note) & topics_of(request)) or nearness(request, [note])[0] >= near


@mitigation(
    name="domain_partition",
    stages=("memory", "context"),
    entry="minimal-disclosure",
    reduces=("over-exposure", "irrelevant-personalization", "store-extraction"),
    source="arXiv:2405.05175",
)
class DomainPartition(Mitigation):
    """near: from which cosine a note is near enough to a request that names none of its topics."""

    near: float = Field(default=0.35, ge=-1, le=1)

    def recalls(self, text: str, provenance: Provenance, session: int | None, exchange: Exchange) -> bool:
        return belongs(text, exchange.request, self.near, _domain(text, exchange))


def _domain(text: str, exchange: Exchange) -> str:
    """The catalogue's domain of a note of this user or of another whom the deployment serves; "" for none."""
    people = (exchange.known, *exchange.population)
    found = next((m.domain for one in people for m in one.memories if m.text == text), "")
    return found if found in catalogue() else ""
