"""Which kind of folder PATH is, which agents it holds, and where their workspaces lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from forwhom.audit.reading.config import NO_CONFIG, Config, read_config
from forwhom.audit.reading.deployment import Agent
from forwhom.audit.reading.tree import WANTED, Tree
from forwhom.errors import InputError

KNOWN = (2026, 9, 6)
"""The version of OpenClaw that this reader was written for and measured on."""
_CONFIGS = {"openclaw.json": "OpenClaw", "moltbot.json": "Moltbot", "clawdbot.json": "Clawdbot"}
_OLD_FOLDERS = {".clawdbot": "Clawdbot", ".moltbot": "Moltbot", ".openclaw": "OpenClaw"}
_OF_A_WORKSPACE = ("SOUL.md", "USER.md", "MEMORY.md", "memory.md", "IDENTITY.md")
MAIN = "main"


@dataclass(frozen=True)
class Layout:
    """workspaces: the folder of each agent's workspace that is there, by agent."""

    kind: Literal["state", "workspace"]
    product: str
    version: str
    config: Config
    workspaces: dict[str, Path]
    notices: tuple[str, ...]

    def agents(self, tree: Tree) -> tuple[Agent, ...]:
        return tuple(
            Agent(one, tree.name(folder) if folder.is_dir() else "")
            for one, folder in self.workspaces.items()
        )


def layout_of(tree: Tree, workspace: Path | None = None) -> Layout:
    """workspace: in place of what the configuration says. Raises InputError for what is neither kind."""
    file = next((name for name in _CONFIGS if tree.is_regular(tree.root / name)), "")
    is_state = bool(file) or (tree.root / "agents").is_dir()
    if not is_state:
        return _workspace_alone(tree)
    text = tree.text(tree.root / file) if file else None
    config = read_config(text, file) if text else NO_CONFIG
    product = _CONFIGS[file] if file else "OpenClaw"
    notices = [] if file else ["openclaw.json: is missing, so that every setting is taken for its default."]
    version = str(config.get("meta", "lastTouchedVersion", default=""))
    notices += _of_version(product, version)
    for place in _included(config):
        notices.append(f"{file}: {place} is included from another file, which was not read.")
    folders = {
        agent: workspace or _workspace(tree, config, agent, notices) for agent in _agents(tree, config)
    }
    return Layout("state", product, version, config, folders, tuple(notices))


def _workspace_alone(tree: Tree) -> Layout:
    if not any((tree.root / name).is_file() for name in _OF_A_WORKSPACE) and not (
        (tree.root / "AGENTS.md").is_file() and (tree.root / "memory").is_dir()
    ):
        inner = next((name for name in _OLD_FOLDERS if (tree.root / name).is_dir()), "")
        hint = f" Did you mean {tree.root / inner}?" if inner else ""
        raise InputError(
            f"{tree.root}: no openclaw.json, SOUL.md, USER.md or MEMORY.md in it.{hint} {WANTED}"
        )
    notice = (
        "A workspace without its state folder: who can reach it, what was said and what is scheduled is not "
        "known. Audit the state folder (~/.openclaw) for these."
    )
    return Layout("workspace", "OpenClaw", "", NO_CONFIG, {MAIN: tree.root}, (notice,))


def _of_version(product: str, version: str) -> Iterator[str]:
    if product != "OpenClaw":
        yield (
            f"This is a folder of {product}, OpenClaw's older name. It is read as far as its layout is the "
            "same; for the rest, bring it up to date (openclaw doctor --fix) and audit again."
        )
    numbers = tuple(int(one) for one in version.split("-")[0].split(".") if one.isdigit())
    if numbers > KNOWN:
        known = ".".join(map(str, KNOWN))
        yield (
            f"OpenClaw {version} is newer than {known}, for which this audit was measured: what it keeps in "
            "new places was not read."
        )


def _agents(tree: Tree, config: Config) -> list[str]:
    """As configured, and those who only have a folder."""
    named = list(config.table("agents", "entries"))
    named += [
        str(one["id"]) for one in config.items("agents", "list") if isinstance(one, dict) and "id" in one
    ]
    folder = tree.root / "agents"
    if tree.is_folder(folder):
        named += sorted(one.name for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    return list(dict.fromkeys(named)) or [MAIN]


def _workspace(tree: Tree, config: Config, agent: str, notices: list[str]) -> Path:
    of_list = [
        one for one in config.items("agents", "list") if isinstance(one, dict) and one.get("id") == agent
    ]
    told = (
        config.get("agents", "entries", agent, "workspace")
        or (of_list[0].get("workspace") if of_list else None)
        or config.get("agents", "defaults", "workspace")
        or config.get("agent", "workspace")
    )
    usual = tree.root / ("workspace" if agent == MAIN else f"workspace-{agent}")
    if not isinstance(told, str):
        return usual if usual.is_dir() or agent != MAIN else tree.root / "workspace"
    path = Path(told).expanduser()
    path = path if path.is_absolute() else tree.root / path
    if path.is_dir():
        return path.resolve()
    moved = tree.root / path.name
    if moved.is_dir():
        notices.append(f"{told}: is not here; {tree.name(moved)} was read in its place.")
        return moved
    notices.append(f"{told}: the workspace of '{agent}' is not here. Name it with --workspace.")
    return path


def _included(config: Config) -> list[str]:
    return [".".join(path[:-1]) or "all" for path, _ in config.strings if "$include" in path]


def older_cron(text: str) -> list[dict[str, object]]:
    """The tasks of cron/jobs.json, as older versions keep them."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return []
    jobs = told.get("jobs", []) if isinstance(told, dict) else told
    return [one for one in jobs if isinstance(one, dict)] if isinstance(jobs, list) else []
