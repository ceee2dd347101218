"""What strangers write in mail and web pages becomes, by hooks, something that the agent may remember."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.reach.dreaming import dreaming, excluded_sources
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.routing import Way, request_key
from forwhom.audit.reading.deployment import Deployment


@check(
    "external-content-to-memory",
    risk="delayed-memory-injection",
    question="reaches",
    about="Content of mail or webhooks can get into the memory.",
    fix="List the hook's source (gmail, email, webhook) in plugins.entries.memory-core.config.memoryPolicy."
    "excludeSessions.hookExternalContentSources, and give the hook an agentId whose tools cannot write.",
)
def external_content_to_memory(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    for way in reach.ways:
        if way.door.kind in ("mail", "webhook"):
            yield from _of_hook(check, deployment, reach, way)


def _of_hook(check: Check, deployment: Deployment, reach: Reach, way: Way) -> Iterator[AuditFinding]:
    config = deployment.config
    dreams, policy = dreaming(deployment), excluded_sources(config)
    sources = _sources(way)
    missing = [one for one in sources if one not in policy.value]
    box = reach.tools(way)
    writes = box.writes_workspace()
    consolidates = dreams.value is True and len(missing) == len(sources)
    if not consolidates and writes is None and not way.is_main:
        return
    if way.door.name == "hook agent" and not any(":hook" in one.key for one in deployment.messages):
        return  # nobody but the holder of the token writes there
    severity: Severity = "low"
    reasons = []
    if consolidates:
        severity = "medium"
        reasons.append(
            f"Dreaming takes in its sessions ({dreams}; {policy}), but for what their origin bars."
        )
    if way.is_main:
        severity = "high"
        reasons.append(f"It speaks in the owner's main session ({way.why}).")
    if writes is not None:
        severity = "high" if consolidates or way.is_main else "low"
        reasons.append(f"Its session may write the memory's files itself ({writes}; {box.sandbox}).")
    key = request_key(config)
    if key is not None:
        reasons.append(f"A caller may name any session ({key}).")
    heard = [one.place for one in deployment.messages if ":hook" in one.key and one.role == "user"]
    place = way.door.place
    yield check.found(
        place, f"What {way.person.name} says through {way.door.name} can reach the memory of '{way.agent}'.",
        severity, " ".join(reasons), "certain" if consolidates else "likely",
        related=[one for one in dict.fromkeys((policy.place, dreams.place, *heard[:3])) if one != place],
    )  # fmt: skip


def _sources(way: Way) -> tuple[str, ...]:
    """The names by which OpenClaw's memory policy may exclude it."""
    if way.door.kind == "webhook":
        return ("webhook",)
    return ("email",) if "imap" in way.door.name else ("gmail",)
