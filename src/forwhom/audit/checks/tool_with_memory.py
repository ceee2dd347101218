"""A server or skill of somebody else, which can send, runs beside the memory."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Confidence
from forwhom.audit.reach.graph import reach_of
from forwhom.audit.reach.stake import memory_is_empty, weighed
from forwhom.audit.reading.deployment import Deployment


@check(
    "tool-with-memory",
    risk="cross-channel-disclosure",
    question="reaches",
    about="An MCP server or skill that can send outward runs in sessions that hold the memory.",
    fix="Keep it for an agent without memory: deny bundle-mcp (or SERVER__*) in this agent's tools, narrow "
    "mcp.servers.NAME.toolFilter, or list only trusted skills in agents.defaults.skills.",
)
def tool_with_memory(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    for outlet in reach.outlets:
        if outlet.kind not in ("MCP server", "skill") or not outlet.is_other:
            continue
        agent = next((one for one in outlet.agents if not memory_is_empty(reach, one)), outlet.agents[0])
        severity, stake = weighed(reach, agent, "medium", most="high")
        confidence: Confidence = "likely" if outlet.is_foreign else "possible"
        if not outlet.is_foreign:
            severity = "low"
        yield check.found(
            outlet.place, f"{outlet.name} can send outward and runs beside the memory of '{agent}'.",
            severity, f"What it is called with, and what it answers, is outside of your hands. {stake}",
            confidence, quote=outlet.why,
        )  # fmt: skip
