"""Facts that the law gives special care, in a memory that was not made for them."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.exposure import severity_of
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.reading.deployment import Deployment


@check(
    "special-category-fact",
    risk="over-exposure",
    question="knows",
    about="A fact of GDPR Art. 9 or 10 (health, religion, a conviction, ...) is kept in memory.",
    fix="Ask the person whether it is to be kept; else delete it there and in its copies (openclaw memory "
    "forget leaves transcripts and free edits as they are).",
)
def special_category_fact(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for fact in facts_of(deployment):
        if not fact.is_special:
            continue
        text = fact.entry.source
        severity, why = severity_of(deployment, text, "medium")
        whose = "its owner" if fact.is_owners else f"somebody else ({fact.whose})"
        yield check.found(
            fact.entry.place,
            f"It knows of {whose}: {fact.category.label} (“{fact.term}”).",
            severity,
            f"{fact.category.law}; {why}.",
            "likely" if fact.entry.is_active else "possible",
            quote=fact.entry.text,
        )
