"""Deployments in a few lines, for tests of what a setting does: a configuration, and a memory beside it."""

from __future__ import annotations

import json
from typing import Any

from forwhom.audit.check import all_checks
from forwhom.audit.finding import AuditFinding
from forwhom.audit.reading.config import read_config
from forwhom.audit.reading.deployment import Agent, Deployment, Kind, Text

ORDINARY = ("# MEMORY.md", "", "- Ana's bicycle is a green Peugeot.", "- The rota comes out on Thursdays.")
SPECIAL = (*ORDINARY, "- Ana was diagnosed with epilepsy in May.")
USER = ("# USER.md", "", "- Prefer short answers in British English.")


def small(
    config: dict[str, Any],
    *,
    memory: tuple[str, ...] = ORDINARY,
    agents: tuple[str, ...] = ("main",),
    **parts: Any,
) -> Deployment:
    """Each agent has a workspace of its own, with a SOUL.md, a USER.md and a MEMORY.md in it."""
    texts: list[Text] = []
    for agent in agents:
        files: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
            ("SOUL.md", "persona", ("# SOUL.md", "Be brief.")),
            ("USER.md", "user model", USER if memory else ()), ("MEMORY.md", "memory", memory),
        )  # fmt: skip
        texts += [Text(f"{agent}/{name}", kind, (agent,), lines) for name, kind, lines in files]
    return Deployment(
        root="/nowhere", layout="state", product="OpenClaw", version="2026.9.6",
        config=read_config(json.dumps(config, indent=2), "openclaw.json"),
        agents=tuple(Agent(one, one) for one in agents), **{"texts": tuple(texts), "paired": {}, **parts},
    )  # fmt: skip


def telegram(**settings: Any) -> dict[str, Any]:
    return {"channels": {"telegram": {"dmPolicy": "allowlist", "allowFrom": ["1"], **settings}}}


def found(deployment: Deployment, name: str) -> list[AuditFinding]:
    check = all_checks()[name]
    return list(check.look(check, deployment))
