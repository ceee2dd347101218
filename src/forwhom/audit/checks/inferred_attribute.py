"""What the agent guessed of a person and then kept as if it were known."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.exposure import severity_of
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.reading.deployment import Deployment


@check(
    "inferred-attribute",
    risk="sensitive-attribute-inference",
    question="knows",
    about="A sensitive attribute that nobody told, guessed by the agent and stored.",
    fix="Delete it, and tell the agent in AGENTS.md to keep only what it was told.",
)
def inferred_attribute(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for fact in facts_of(deployment):
        if fact.provenance != "inferred" or fact.category.sensitivity == "low":
            continue
        if not fact.is_special and fact.category.category not in ("finances", "family"):
            continue
        severity, why = severity_of(deployment, fact.entry.source, "medium")
        yield check.found(
            fact.entry.place,
            f"It guessed {fact.category.label} of {'its owner' if fact.is_owners else fact.whose} and kept "
            "it.",
            severity,
            f"a guess becomes a fact once it is read back; {why}.",
            "likely" if fact.is_special else "possible",
            quote=fact.entry.text,
        )
