"""Orders in memory that turn the agent against its owner."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.knowledge.directives import suspicions
from forwhom.audit.knowledge.entries import entries_outside_skills
from forwhom.audit.knowledge.owner import owner_names
from forwhom.audit.knowledge.sources import source_of_owner
from forwhom.audit.reading.deployment import Deployment

_GRAVE = ("hides", "acts", "overrides", "sends", "claims")
_MILD = ("withholds", "skips", "promotes", "serves", "does")


@check(
    "instruction-in-memory",
    risk="memory-poisoning",
    question="happened",
    about="A stored text orders the agent to act covertly or against its owner's interest.",
    fix="Delete the line, look in the transcripts for what wrote it, and let the agent write to memory only "
    "what its owner says (docs/mitigations.md: write gate).",
)
def instruction_in_memory(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for entry in entries_outside_skills(deployment):
        if entry.text.startswith("[agent:"):
            continue  # what somebody said, in a corpus of transcripts
        found = suspicions(entry.text, owner_names(deployment))
        if not found:
            continue
        owned = source_of_owner(entry, deployment)
        is_grave = any(one.kind.startswith(_GRAVE) for one in found)
        is_alone = len(found) == 1 and found[0].kind.startswith(_MILD)
        severity: Severity = "low" if owned else "high" if is_grave or not is_alone else "medium"
        if entry.source.kind == "instructions" and is_alone:
            severity = "low"  # what AGENTS.md is for: its owner's rules
        where = "read into every prompt" if entry.source.is_injected else "found by searches"
        who = "; its owner said so in a transcript" if owned else ""
        yield check.found(
            entry.place,
            f"A stored order that {' and '.join(one.kind for one in found)} (“{found[0].words}”).",
            severity,
            f"the text is {where}{who}.",
            "possible" if owned or is_alone else "likely",
            quote=entry.text,
        )
