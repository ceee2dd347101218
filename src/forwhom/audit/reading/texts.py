"""The texts of a workspace: who the agent is, what it knows, what it can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from forwhom.audit.reading.deployment import Kind, Text
from forwhom.audit.reading.tree import Tree

_KINDS: dict[str, Kind] = {
    "user.md": "user model", "memory.md": "memory", "soul.md": "persona", "identity.md": "identity",
    "agents.md": "instructions", "tools.md": "instructions", "heartbeat.md": "instructions",
    "boot.md": "instructions", "bootstrap.md": "instructions", "dreams.md": "diary",
}  # fmt: skip
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_texts(tree: Tree, workspaces: Mapping[str, Path]) -> Iterator[Text]:
    """Each file once, even where agents share a workspace."""
    for folder in dict.fromkeys(workspaces.values()):
        agents = tuple(agent for agent, one in workspaces.items() if one == folder)
        if not folder.is_dir():
            continue
        for path in tree.files(folder):
            kind = _kind(path.relative_to(folder))
            if kind is not None and (told := tree.text(path)) is not None:
                yield Text(tree.name(path), kind, agents, tuple(told.split("\n")))


def _kind(path: Path) -> Kind | None:
    """None: a file of no part in what the agent is or knows."""
    parts = [one.lower() for one in path.parts]
    if path.suffix.lower() not in (".md", ".markdown", ".txt"):
        return None
    if "skills" in parts[:-1]:
        return "skill" if parts[-1] == "skill.md" else None
    if parts[0] == "users" and parts[-1] == "user.md":
        return "user model"
    if parts[0] == "memory" and len(parts) > 1:
        if ".dreams" in parts or parts[-1] == "dreams.md":
            return "diary"
        return "daily note"
    if len(parts) == 1:
        return "daily note" if _DAY.match(parts[0]) else _KINDS.get(parts[0])
    return None
