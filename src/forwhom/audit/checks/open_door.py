"""Strangers can reach an agent that keeps somebody's memory."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.routing import Way
from forwhom.audit.reach.stake import weighed
from forwhom.audit.reading.deployment import Deployment


@check(
    "open-door",
    risk="store-extraction",
    question="reaches",
    about="Anybody can write to an agent that reads a person's memory.",
    fix='Set the channel\'s dmPolicy to "pairing" (groupPolicy to "allowlist") and name in allowFrom who may '
    "write; or bind the open channel to an agent with a workspace of its own.",
)
def open_door(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    seen = set()
    for way in reach.ways:
        opener = way.door.opener
        if opener is None or way.person.kind != "anybody" or (opener.place, way.agent) in seen:
            continue
        seen.add((opener.place, way.agent))
        base, how = _base(reach, way)
        severity, stake = weighed(reach, way.agent, base)
        yield check.found(
            opener.place, f"Anybody can write to '{way.agent}' through {way.door.name} ({opener}).", severity,
            f"{how} {stake}", "certain", related=[way.why.place, way.person.place],
        )  # fmt: skip


def _base(reach: Reach, way: Way) -> tuple[Severity, str]:
    box = reach.tools(way)
    if way.is_main:
        return "high", "A stranger speaks in the owner's own session."
    if box.reads_workspace():
        base: Severity = "high" if box.writes_workspace() else "medium"
        return base, "The session has tools that read the memory's files."
    if way.is_private:
        return "medium", "USER.md and MEMORY.md are in its prompt, though it has no tools to read more."
    return "low", "The session has no tools that read the memory; USER.md alone is in its prompt."
