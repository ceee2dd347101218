"""A group's session can read or write what the agent knows of its owner."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.routing import Way
from forwhom.audit.reach.settings import Setting, first_set
from forwhom.audit.reach.stake import memory_is_empty, those, weighed
from forwhom.audit.reading.deployment import Deployment


@check(
    "group-reads-memory",
    risk="cross-channel-disclosure",
    question="reaches",
    about="A group or channel session can read or write the owner's memory.",
    fix='Set agents.defaults.sandbox.mode to "non-main" with workspaceAccess "none", or deny group:fs, '
    "group:runtime and group:memory in the group's tools; or bind it to an agent with another workspace.",
)
def group_reads_memory(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    groups: dict[tuple[str, str], list[Way]] = {}
    for way in reach.ways:
        if way.door.kind == "group":
            groups.setdefault((way.door.name, way.agent), []).append(way)
    for ways in groups.values():
        yield from _of_group(check, deployment, reach, ways)


def _of_group(check: Check, deployment: Deployment, reach: Reach, ways: list[Way]) -> Iterator[AuditFinding]:
    ways = sorted(ways, key=lambda one: not one.person.is_other)
    way = ways[0]
    box = reach.tools(way)
    reads, writes = box.reads_workspace(), box.writes_workspace()
    why = reads or writes
    if not way.is_main and why is None:
        return
    if memory_is_empty(reach, way.agent) and not any(one.agent == way.agent for one in reach.stores):
        return
    others = [one.person.name for one in ways if one.person.is_other]
    base: Severity = "high" if way.is_main and others else "medium"
    severity, stake = weighed(reach, way.agent, base, most="high" if others else "medium")
    seen = _context(deployment, way)
    if not others and seen.value == "allowlist":
        severity = "low"
    verb = "read and write" if reads and writes else "read" if reads else "write"
    how = (
        f"is the owner's main session ({way.why})" if way.is_main
        else f"can {verb} the files of the memory ({why}; {box.sandbox})"
    )  # fmt: skip
    place = way.why.place if way.is_main and not way.why.is_default else way.door.place
    heard = [
        one.place for one in deployment.said_by_others
        if one.role == "user" and one.agent == way.agent and _is_of(one.key, one.chat, way)
    ][:3]  # fmt: skip
    speaks = f"{those(others)} can ask it."
    if not others:
        speaks = f"Only the owner can ask it; the others' messages are its context ({seen}), and all hear it."
    yield check.found(
        place, f"The session of {way.door.name} {how}.", severity, f"{speaks} {stake}", "certain",
        related=[one for one in dict.fromkeys((way.door.place, box.sandbox.place, *heard)) if one != place],
    )  # fmt: skip


def _context(deployment: Deployment, way: Way) -> Setting:
    start = ("channels", way.door.channel)
    return first_set(
        deployment.config,
        [(*start, "accounts", way.door.account, "contextVisibility"), (*start, "contextVisibility"),
         ("channels", "defaults", "contextVisibility")], "all",
    )  # fmt: skip


def _is_of(key: str, chat: str, way: Way) -> bool:
    if way.is_main:
        return key.endswith(":main") and chat in ("group", "channel")
    return way.door.channel in key and (way.door.room == "*" or way.door.room.lower() in key.lower())
