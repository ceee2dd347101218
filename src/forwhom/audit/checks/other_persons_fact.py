"""What is kept of people who never talked to the agent, and cannot know that it is."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.exposure import severity_of
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.facts import Fact, facts_of
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.reading.deployment import Deployment

_EXPECTED = ("family", "employment", "age", "contact", "preference", "home-or-location")
"""That somebody is a sister, works or has a birthday is what people say of each other."""


@check(
    "other-persons-fact",
    risk="cross-channel-disclosure",
    question="knows",
    about="A fact about somebody other than the owner, of a kind that they would not expect to be kept.",
    fix="Delete it, or keep only what the owner's own plans need (“call Ana on Sundays”).",
)
def other_persons_fact(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    seen: set[tuple[str, int]] = set()
    for fact in facts_of(deployment):
        place = fact.entry.place
        if fact.is_owners or not _is_private(fact) or (place.file, place.line) in seen:
            continue
        seen.add((place.file, place.line))
        severity, why = severity_of(deployment, fact.entry.source, "medium")
        yield check.found(
            place,
            f"It keeps {fact.category.label} of somebody who is not its owner ({fact.whose}).",
            severity,
            f"they did not tell it themselves and cannot ask what is kept; {why}.",
            "likely" if fact.is_special else "possible",
            quote=fact.entry.text,
        )


def _is_private(fact: Fact) -> bool:
    if fact.entry.source.kind == "diary" or fact.category.category in ("preference", "credential"):
        return False
    if fact.category.category not in _EXPECTED:
        return True
    return bool(phrases("harms", "harms").search(fact.entry.text))
