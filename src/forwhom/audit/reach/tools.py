"""Which tools a session has, by profile, allow and deny of everybody, the agent and the room, and by sandbox.

As OpenClaw resolves them (docs/gateway/config-tools/tool-policy.md): deny wins, an allow list that is written
leaves nothing else, and a profile is a base that allow lists add to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from forwhom.audit.reach.settings import Path, Setting, agent_paths, as_list, first_set, of_agent, table_at
from forwhom.audit.reading.config import Config

GROUPS: dict[str, tuple[str, ...]] = {
    "runtime": ("exec", "process", "code_execution", "bash"),
    "fs": ("read", "write", "edit", "apply_patch"),
    "sessions": ("sessions", "sessions_list", "sessions_history", "sessions_search", "sessions_send",
                 "sessions_spawn", "conversations_list", "conversations_send", "session_status", "subagents"),
    "memory": ("memory_search", "memory_get"),
    "web": ("web_search", "x_search", "web_fetch"),
    "ui": ("browser", "canvas", "screen"),
    "automation": ("cron", "automations", "gateway"),
    "messaging": ("message",),
    "nodes": ("nodes", "computer"),
    "plugins": ("bundle-mcp",),
}  # fmt: skip
PROFILES: dict[str, tuple[str, ...]] = {
    "minimal": ("session_status", "gateway"),
    "coding": ("group:fs", "group:runtime", "group:web", "group:sessions", "group:memory", "cron",
               "bundle-mcp"),
    "messaging": ("group:messaging", "group:sessions", "session_status", "bundle-mcp"),
}  # fmt: skip
READS = ("read", "exec", "bash", "process", "memory_get", "memory_search")
WRITES = ("write", "edit", "apply_patch", "exec", "bash", "process")
OUTSIDE = ("message", "web_fetch", "exec", "browser")
IN_SANDBOX = ("group:fs", "group:runtime", "group:sessions", "image")
"""What a sandbox has unless tools.sandbox.tools says otherwise; memory tools run outside of it."""


def matches(tool: str, patterns: Iterable[str]) -> bool:
    names = (tool, "bash" if tool == "exec" else "exec") if tool in ("exec", "bash") else (tool,)
    for pattern in map(str.lower, patterns):
        if pattern.startswith("group:"):
            group = pattern.removeprefix("group:")
            if tool in GROUPS.get(group, ()) or (group == "openclaw" and tool in GROUPS["memory"]):
                return True
        elif any(fnmatchcase(name, pattern) for name in names):
            return True
    return False


@dataclass(frozen=True)
class Toolbox:
    """What a session may call. shared: paths of the policies of everybody and of the agent, which a profile
    adds to; rooms: those of a room and of its senders, which only take away."""

    config: Config
    agent: str
    shared: tuple[Path, ...]
    rooms: tuple[Path, ...]
    sandbox: Setting
    access: Setting
    is_sandboxed: bool

    def why(self, tools: Sequence[str]) -> Setting | None:
        """The setting by which the session has one of `tools`; None: it has none."""
        if not any(self.has(one) for one in tools):
            return None
        paths = [(*one, key) for one in self.shared for key in ("alsoAllow", "allow")]
        return first_set(self.config, [*paths, ("tools", "profile")], "full")

    def has(self, tool: str) -> bool:
        shared = [table_at(self.config, one) for one in self.shared]
        rooms = [table_at(self.config, one) for one in self.rooms]
        if any(matches(tool, as_list(one.get("deny"))) for one in (*shared, *rooms)):
            return False
        profile = str(self._profile())
        added = [name for one in shared for name in _allowed(one)]
        if profile in PROFILES:
            if not matches(tool, (*PROFILES[profile], *added)):
                return False
        elif not all(matches(tool, _allowed(one)) for one in shared if as_list(one.get("allow"))):
            return False
        if not all(matches(tool, _allowed(one)) for one in rooms if as_list(one.get("allow"))):
            return False
        return not self.is_sandboxed or self._in_sandbox(tool)

    def reads_workspace(self) -> Setting | None:
        """What lets the session read the files of memory by itself."""
        is_seen = not self.is_sandboxed or self.access.value in ("ro", "rw")
        return self.why(READS if is_seen else GROUPS["memory"])

    def writes_workspace(self) -> Setting | None:
        return self.why(WRITES) if not self.is_sandboxed or self.access.value == "rw" else None

    def reads_host(self) -> bool:
        """Files of other workspaces, too: no sandbox, and a tool that takes any path."""
        only = first_set(self.config, [(*one, "fs", "workspaceOnly") for one in reversed(self.shared)], False)
        return not self.is_sandboxed and (self.has("exec") or (self.has("read") and only.value is not True))

    def _profile(self) -> Any:
        paths = [(*one, "tools", "profile") for one in agent_paths(self.config, self.agent)]
        return first_set(self.config, [*paths, ("tools", "profile")], "full").value

    def _in_sandbox(self, tool: str) -> bool:
        paths = [(*one, "tools", "sandbox", "tools") for one in agent_paths(self.config, self.agent)]
        policy = first_set(self.config, [*paths, ("tools", "sandbox", "tools")], {}).value
        policy = policy if isinstance(policy, dict) else {}
        allow = as_list(policy.get("allow")) or list(IN_SANDBOX)
        return not matches(tool, as_list(policy.get("deny"))) and matches(
            tool, (*allow, *as_list(policy.get("alsoAllow")))
        )


def toolbox(
    config: Config, agent: str, *, is_main: bool, rooms: Sequence[Path] = (), of_other: bool = True
) -> Toolbox:
    """Of a session. is_main: whether sandbox mode 'non-main' leaves it out. rooms: paths of the room's own
    settings. of_other: with the limits on senders who are not the owner."""
    mode = of_agent(config, agent, "sandbox", "mode", default="off")
    own = [(*one, "tools") for one in agent_paths(config, agent) if one != ("agents", "defaults")]
    limits = [(*start, "toolsBySender", "*") for start in (("tools",), *rooms)] if of_other else []
    return Toolbox(
        config, agent, (("tools",), *own), (*((*room, "tools") for room in rooms), *limits), mode,
        of_agent(config, agent, "sandbox", "workspaceAccess", default="none"),
        is_sandboxed=mode.value == "all" or (mode.value == "non-main" and not is_main),
    )  # fmt: skip


def _allowed(policy: dict[str, Any]) -> list[str]:
    return [*as_list(policy.get("allow")), *as_list(policy.get("alsoAllow"))]
