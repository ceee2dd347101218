"""Which agent and which session a message comes to: bindings, session scopes, identity links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forwhom.audit.reach.doors import Door
from forwhom.audit.reach.people import Person, bare
from forwhom.audit.reach.settings import Path, Setting, as_list, first_set, table_at, value_at
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment


@dataclass(frozen=True)
class Way:
    """Somebody's way to a session. why: the scope that puts them there. binding: what chose the agent."""

    person: Person
    door: Door
    agent: str
    session: str
    is_main: bool
    why: Setting
    binding: Setting | None = None

    @property
    def is_private(self) -> bool:
        return self.door.kind in ("direct", "local")


def ways_in(deployment: Deployment, doors: tuple[Door, ...]) -> Iterator[Way]:
    """Nobody, where several agents are configured and no binding says whose the message is."""
    config = deployment.config
    for door in doors:
        for person in door.people:
            if door.kind in ("mail", "webhook"):
                yield _hooked(deployment, door, person)
                continue
            agent, at = _bound(deployment, door, person)
            if agent is None:
                continue
            yield _way(config, door, person, agent, at)


def default_agent(deployment: Deployment) -> str:
    """The one that answers where nothing is bound: the only one, the one marked so, 'main', or the first."""
    ids = [one.id for one in deployment.agents]
    for one in deployment.config.items("agents", "list"):
        if isinstance(one, dict) and one.get("default") is True and str(one.get("id")) in ids:
            return str(one["id"])
    return "main" if "main" in ids or not ids else ids[0]


def bindings(config: Config) -> Iterator[tuple[Path, dict[str, Any]]]:
    for start in (("bindings",), ("routing", "bindings")):
        for number, told in enumerate(config.items(*start)):
            if isinstance(told, dict) and told.get("type", "route") == "route" and told.get("agentId"):
                yield (*start, str(number)), told


def _bound(deployment: Deployment, door: Door, person: Person) -> tuple[str | None, Path]:
    """The most specific binding: peer, server, account, channel; then the agent that answers anyway."""
    config = deployment.config
    ranked: list[tuple[int, str, Path]] = []
    for at, told in bindings(config):
        match = told.get("match")
        match = match if isinstance(match, dict) else {}
        if match.get("channel") not in (door.channel, None):
            continue
        account = match.get("accountId")
        if account not in (None, "*", door.account):
            continue
        rank = 3 if account == door.account else 4
        if isinstance(match.get("peer"), dict):
            if not _is_peer(match["peer"], door, person):
                continue
            rank = 0
        elif match.get("guildId") or match.get("teamId"):
            if door.server not in (match.get("guildId"), match.get("teamId")):
                continue
            rank = 1
        elif account is None and door.account != "default" and len(_accounts(config, door)) > 1:
            continue
        ranked.append((rank, str(told["agentId"]), at))
    if ranked:
        _, agent, at = min(ranked, key=lambda one: one[0])
        return agent, at
    if config.get("agents", "ownership") == "explicit" and len(deployment.agents) > 1:
        return None, ()
    return default_agent(deployment), ()


def _accounts(config: Config, door: Door) -> dict[str, Any]:
    return table_at(config, ("channels", door.channel, "accounts"))


def _is_peer(peer: dict[str, Any], door: Door, person: Person) -> bool:
    wanted = str(peer.get("id", ""))
    kind = str(peer.get("kind", ""))
    if door.kind == "group":
        return kind in ("group", "channel", "") and wanted in (door.room, "*")
    if kind not in ("direct", "dm", ""):
        return False
    return wanted == "*" or bare(wanted, door.channel) == person.id


def _way(config: Config, door: Door, person: Person, agent: str, at: Path) -> Way:
    own = [(*at, "session")] if at else []
    key = "groupScope" if door.kind == "group" else "dmScope"
    paths = [(*one, key) for one in own] + [("session", key)]
    scope = first_set(config, paths, "per-group" if door.kind == "group" else "main")
    is_global = config.get("session", "scope") == "global"
    is_main = scope.value == "main" or is_global
    if is_global:
        scope = first_set(config, [("session", "scope")], "per-sender")
    if is_main:
        session = "global" if is_global else f"agent:{agent}:main"
    elif door.kind == "group":
        session = f"agent:{agent}:{door.channel}:group:{door.room}"
    else:
        who = person.name.partition(":")[2] or person.name
        by = {"per-peer": ("direct", who), "per-channel-peer": (door.channel, "direct", who)}.get(
            str(scope.value), (door.channel, door.account, "direct", who)
        )
        session = ":".join(("agent", agent, *by))
    chosen = Setting(".".join((*at, "agentId")), agent, config.place(*at), is_default=False) if at else None
    return Way(person, door, agent, session, is_main, scope, chosen)


def _hooked(deployment: Deployment, door: Door, person: Person) -> Way:
    """A hook's own session, unless it wakes the main one or names it."""
    config = deployment.config
    at = door.settings[0]
    told = table_at(config, at)
    allowed = [one for one in as_list(config.get("hooks", "allowedAgentIds")) if one != "*"]
    agent = str(told.get("agentId") or (allowed[0] if len(allowed) == 1 else default_agent(deployment)))
    key = str(told.get("sessionKey") or config.get("hooks", "defaultSessionKey") or "")
    is_main = told.get("action") == "wake" or key in ("main", f"agent:{agent}:main")
    mode = first_set(config, [(*at, "action"), (*at, "sessionKey"), (*at, "sessionMode")], "isolated")
    session = f"agent:{agent}:main" if is_main else f"agent:{agent}:hook:{door.channel}"
    return Way(person, door, agent, session, is_main, mode)


def request_key(config: Config) -> Setting | None:
    """Where a caller of a hook may choose any session."""
    told = first_set(config, [("hooks", "allowRequestSessionKey")], default=False)
    prefixes = value_at(config, ("hooks", "allowedSessionKeyPrefixes"))
    return told if told.value is True and not prefixes else None
