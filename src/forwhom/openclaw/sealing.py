"""The configuration of a throw-away gateway: the agent's own, with every way out of the copy closed.

What is taken out: channels, hooks from outside, scheduled work, servers of tools, other agents. What is
set: loopback and a token, one entry for every copy of the agent, no heartbeats, no checks for updates. What
stays: the model and its provider, the instructions, the plugins, the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forwhom.openclaw.telegram import CHANNEL, channel

PROVIDER = "forwhom"
"""The name of the provider that takes the place of the agent's own."""
_TAKEN_OUT = (
    "channels",
    "bindings",
    "hooks",
    "mcp",
    "browser",
    "env",
    "talk",
    "nodeHost",
    "transcripts",
    "meta",
)
_DENIED = ("group:runtime", "group:web", "group:ui", "group:messaging", "group:automation", "group:nodes",
           "group:media", "bundle-mcp", "openclaw", "gateway", "cron", "sessions_send", "sessions_spawn",
           "conversations_send", "conversations_turn")  # fmt: skip
_WINDOW, _LONGEST = 200_000, 4096  # tokens, of a model of which nothing is known


@dataclass(frozen=True)
class Served:
    """An OpenAI-compatible server in place of the agent's own provider; "" as url leaves that as it is.

    url: up to and with /v1. model: as the server knows it. headers: sent with every request; ${NAME} in a
    value stands for a variable of the environment. key: the same, sent as bearer token.
    """

    url: str = ""
    model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    def __hash__(self) -> int:
        return hash((self.url, self.model, tuple(self.headers.items()), self.key))


@dataclass(frozen=True)
class Sealing:
    """What is set. agents: the workspace of every copy of the agent. safe: whether tools that reach beyond
    the workspace are denied. dreams: whether OpenClaw consolidates memory on its schedule. telegram: the root
    of a Bot API by which people write, "" for none; dm_scope: session.dmScope, "" for as it is."""

    folder: Path
    port: int
    token: str
    agents: Mapping[str, Path]
    entry: str
    served: Served = field(default_factory=Served)
    safe: bool = True
    dreams: bool = False
    telegram: str = ""
    dm_scope: str = ""


def sealed(config: Mapping[str, Any], how: Sealing) -> dict[str, Any]:
    """`config` as the throw-away gateway reads it."""
    own = deepcopy(dict(config))
    internal = own.get("hooks", {}).get("internal")
    variables = own.get("env")
    for name in _TAKEN_OUT:
        own.pop(name, None)
    if variables:  # keys of providers may stand there
        own["env"] = {**variables, "shellEnv": {"enabled": False}}
    if internal:
        own["hooks"] = {"internal": internal}
    own["gateway"] = {
        "mode": "local", "bind": "loopback", "port": how.port, "auth": {"mode": "token", "token": how.token},
        "controlUi": {"enabled": False}, "reload": {"mode": "off"},
    }  # fmt: skip
    own["logging"] = {"file": str(how.folder / "openclaw.log"), "level": "info"}
    own["discovery"] = {"mdns": {"mode": "off"}}
    own["update"] = {"checkOnStart": False}
    own["cron"] = {"enabled": how.dreams}
    own["session"] = {name: value for name, value in own.get("session", {}).items() if name != "store"}
    own["agents"] = _agents(own.get("agents", {}), how)
    own["plugins"] = _plugins(own.get("plugins", {}), how, has_own=bool(config))
    if how.safe:
        own["tools"] = _tools(own.get("tools", {}))
    if how.served.url:
        own["models"] = _models(own.get("models", {}), how.served)
    if how.dm_scope:
        own["session"]["dmScope"] = how.dm_scope
    if how.telegram:
        opened = channel(how.telegram, how.agents)
        own |= {**opened, "commands": {**own.get("commands", {}), **opened["commands"]}}
    return own


def _agents(own: Mapping[str, Any], how: Sealing) -> dict[str, Any]:
    quiet = {"heartbeat": {"every": "0m"}}
    defaults = {
        **own.get("defaults", {}),
        **quiet,
        "workspace": str(how.folder / "unused"),
        "skipBootstrap": True,
    }
    entry = {
        name: value
        for name, value in own.get("entries", {}).get(how.entry, {}).items()
        if name not in ("workspace", "agentDir", "heartbeat", "default", "name")
    }
    if how.served.url:
        model = {"primary": f"{PROVIDER}/{how.served.model}"}
        defaults["model"] = model
        entry.pop("model", None)
    entries = {name: {**entry, **quiet, "workspace": str(place)} for name, place in how.agents.items()}
    return {"defaults": defaults, "entries": entries}


def _plugins(own: Mapping[str, Any], how: Sealing, *, has_own: bool) -> dict[str, Any]:
    entries = dict(own.get("entries", {}))
    memory = dict(entries.get("memory-core", {}))
    settings = dict(memory.get("config", {}))
    dreaming = {**settings.get("dreaming", {}), "enabled": how.dreams}
    entries["memory-core"] = {**memory, "config": {**settings, "dreaming": dreaming}}
    # A plain workspace needs none of those that OpenClaw would look for providers and devices with.
    plugins = {**({} if has_own else {"allow": ["memory-core"]}), **own, "entries": entries}
    if how.telegram:
        entries[CHANNEL] = {**entries.get(CHANNEL, {}), "enabled": True}
        if plugins.get("allow"):
            plugins["allow"] = [*plugins["allow"], CHANNEL]
    return plugins


def _tools(own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **own,
        "deny": sorted({*own.get("deny", ()), *_DENIED}),
        "fs": {**own.get("fs", {}), "workspaceOnly": True},
        "elevated": {"enabled": False},
    }


def _models(own: Mapping[str, Any], served: Served) -> dict[str, Any]:
    model = {
        "id": served.model, "name": served.model, "contextWindow": _WINDOW, "maxTokens": _LONGEST,
        "input": ["text"], "reasoning": False,
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
    }  # fmt: skip
    provider: dict[str, Any] = {
        "baseUrl": served.url, "apiKey": served.key or "none", "api": "openai-completions", "models": [model],
    }  # fmt: skip
    if served.headers:
        provider["headers"] = dict(served.headers)
    return {**own, "providers": {**own.get("providers", {}), PROVIDER: provider}}
