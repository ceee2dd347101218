"""What becomes memory by itself, and what is recalled without being asked for."""

from __future__ import annotations

from dataclasses import replace

from forwhom.audit.reach.routing import bindings
from forwhom.audit.reach.settings import Setting, as_list, first_set, of_agent
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment

_CORE = ("plugins", "entries", "memory-core")


def dreaming(deployment: Deployment) -> Setting:
    """On unless it is turned off; there was none before OpenClaw had its name."""
    config = deployment.config
    told = first_set(config, [(*_CORE, "enabled"), (*_CORE, "config", "dreaming", "enabled")], default=True)
    if told.value is True and not told.is_default:
        told = first_set(config, [(*_CORE, "config", "dreaming", "enabled")], default=True)
    if told.is_default and deployment.product != "OpenClaw":
        return replace(told, value=False)
    return told


def excluded_sources(config: Config) -> Setting:
    """value: a list of sources."""
    path = (*_CORE, "config", "memoryPolicy", "excludeSessions", "hookExternalContentSources")
    told = first_set(config, [path], [])
    return replace(told, value=as_list(told.value))


def remembers_across(config: Config, agent: str) -> Setting:
    """On by default where no direct messages are kept apart (docs/concepts/session.md)."""
    own = of_agent(config, agent, "memory", "search", "rememberAcrossConversations")
    if not own.is_default:
        return own
    scope = first_set(config, [("session", "dmScope")], "main")
    apart = scope.value != "main" or any(
        isinstance(told.get("session"), dict) and told["session"].get("dmScope")
        for _, told in bindings(config)
    )
    return first_set(config, [("memory", "search", "rememberAcrossConversations")], default=not apart)


def active_memory(config: Config) -> Setting:
    """value: its mode, "off" where the plugin is."""
    start = ("plugins", "entries", "active-memory")
    for path in ((*start, "enabled"), (*start, "config", "enabled")):
        told = first_set(config, [path], default=True)
        if told.value is False:
            return replace(told, value="off")
    return first_set(config, [(*start, "config", "mode")], "escalate")
