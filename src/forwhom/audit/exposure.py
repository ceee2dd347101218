"""Whether somebody other than the owner can have a stored text told to them; it decides how bad a fact is."""

from __future__ import annotations

from forwhom.audit.finding import Severity
from forwhom.audit.reach.graph import reach_of
from forwhom.audit.reach.paths import who_reads
from forwhom.audit.reach.stake import those
from forwhom.audit.reading.deployment import Deployment, Text


def readers(deployment: Deployment, text: Text) -> str:
    """By whom it can be read, as the end of a sentence; "" where only by the owner, as far as can be seen."""
    who = who_reads(reach_of(deployment), text)
    return f"{those(list(who))} can have it told to them" if who else ""


def severity_of(deployment: Deployment, text: Text, alone: Severity) -> tuple[Severity, str]:
    """`alone`, or the next worse where others can read it; and the reasoning."""
    others = readers(deployment, text)
    where = "it is read into every session's prompt" if text.is_injected else "searches can bring it up"
    if others:
        worse: dict[Severity, Severity] = {"low": "medium", "medium": "high", "high": "high"}
        return worse.get(alone, alone), f"{where}, and {others}"
    return alone, f"{where}; nobody but the owner was found to reach it"
