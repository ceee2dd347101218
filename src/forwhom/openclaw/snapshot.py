"""A copy of an agent's state, made once a run: what every throw-away agent begins with.

The original is read and never written. What is copied is the state folder without what is large and says
nothing of the agent (logs, caches, browser profiles), and the agent's workspace. Links that lead out of
either are left behind: through them the original could be reached.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forwhom.errors import InputError
from forwhom.openclaw.installation import Installation
from forwhom.openclaw.understood import CONFIG, understood

OF_A_WORKSPACE = ("AGENTS.md", "SOUL.md", "IDENTITY.md", "USER.md", "MEMORY.md")
_OLDER = ("clawdbot.json", "moltbot.json")
_LEFT = {"logs", "cache", "tmp", "media", "browser", "sandboxes", "backups", "workspace", "node_modules",
         ".git", "__pycache__", "agents"}  # fmt: skip
_OF_A_PROCESS = (".lock", ".lock.sqlite", ".sock", ".pid", "-shm")
AGENT = "main"
"""The agent of a plain workspace."""


@dataclass(frozen=True)
class Source:
    """What is to be copied. path: a state folder, or a workspace. agent: "" for the only one there is."""

    path: Path
    agent: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The copy. state: without workspace and agents; agent_folder: what OpenClaw keeps of the agent, its
    database among it; None where it has not run yet.

    config: as written, with its includes; {} for a plain workspace.
    """

    source: Source
    state: Path
    workspace: Path
    agent_folder: Path | None
    config: dict[str, Any]
    agent: str
    folder: TemporaryDirectory[str]


def check_path(path: Path) -> Path:
    """The folder that is meant; raises InputError where there is none that OpenClaw would know."""
    path = path.expanduser()
    if path.name == CONFIG and path.is_file():
        path = path.parent
    if not path.is_dir():
        raise InputError(f"openclaw:{path}: there is no such folder. Give an OpenClaw state folder (as "
                         "~/.openclaw) or an agent's workspace.")  # fmt: skip
    if (path / CONFIG).is_file():
        return path
    older = next((one for one in _OLDER if (path / one).is_file()), "")
    if older or path.name in (".clawdbot", ".moltbot"):
        raise InputError(
            f"openclaw:{path}: is of an older OpenClaw, from when it was called "
            f"{'Moltbot' if 'molt' in older + path.name else 'Clawdbot'}. Copy the folder, let "
            "`openclaw doctor --fix` bring the copy to the present form, and name that."
        )
    if any((path / name).is_file() for name in OF_A_WORKSPACE):
        return path
    raise InputError(
        f"openclaw:{path}: is neither a state folder (it has no {CONFIG}) nor a workspace (it has none of "
        f"{', '.join(OF_A_WORKSPACE)})."
    )


@lru_cache(maxsize=8)
def snapshot(source: Source, openclaw: Installation) -> Snapshot:
    """The copy of a source; made once and kept until this process ends."""
    path = check_path(source.path)
    folder = TemporaryDirectory(prefix="forwhom-openclaw-")
    state, workspace = Path(folder.name) / "state", Path(folder.name) / "workspace"
    is_state = (path / CONFIG).is_file()
    if is_state:
        _copy(path, state, _LEFT)
    else:
        state.mkdir()
        (state / CONFIG).write_text("{}", encoding="utf-8")
    told = understood(openclaw, state / CONFIG, source.agent)
    if is_state and not told["valid"]:
        raise InputError(
            f"{path / CONFIG}: OpenClaw {openclaw.version} refuses it: {'; '.join(told['issues'][:3])}. "
            "`openclaw doctor` says how to mend it."
        )
    agent = told["agent"] or AGENT
    if is_state and source.agent and told["agents"] and agent not in told["agents"]:
        raise InputError(f"{path / CONFIG}: has no agent '{agent}'; it has {', '.join(told['agents'])}.")
    if is_state and not told["agent"]:
        raise InputError(
            f"{path / CONFIG}: has several agents ({', '.join(told['agents'])}); name one as agent: NAME."
        )
    config = told["config"] if is_state else {}
    _copy(
        _workspace(path, config, agent, told["agents"]) if is_state else path,
        workspace,
        _LEFT - {"workspace"},
    )
    kept = path / "agents" / agent
    agent_folder = Path(folder.name) / "agent" if is_state and kept.is_dir() else None
    if agent_folder:
        _copy(kept, agent_folder, {"codex-home"})
    _check_databases(Path(folder.name), path)
    return Snapshot(source, state, workspace, agent_folder, config, agent, folder)


def content_hash(path: Path) -> str:
    """Eight hex digits of what makes the agent what it is: its configuration and its files in plain text."""
    files = sorted(one for one in check_path(path).rglob("*.md") if ".git" not in one.parts)
    own = check_path(path) / CONFIG
    told = hashlib.sha256()
    for file in [*files, *([own] if own.is_file() else [])]:
        told.update(str(file.relative_to(check_path(path))).encode() + b"\0" + file.read_bytes())
    return told.hexdigest()[:8]


def _workspace(path: Path, config: dict[str, Any], agent: str, agents: Iterable[str]) -> Path:
    """Where the agent's workspace is, by the rules of concepts/agent-workspace."""
    known = config.get("agents", {})
    own = known.get("entries", {}).get(agent, {}).get("workspace")
    root = known.get("defaults", {}).get("workspace")
    is_alone = len(list(agents)) <= 1
    named = own or (root if is_alone or not root else f"{root}/{agent}")
    found = Path(named).expanduser() if named else path / ("workspace" if is_alone else f"workspace-{agent}")
    if not found.is_dir():
        raise InputError(f"{path / CONFIG}: the workspace of agent '{agent}' is {found}, and there is none.")
    return found


def _copy(source: Path, target: Path, left: Iterable[str]) -> None:
    root, names = source.resolve(), set(left)

    def ignored(folder: str, found: list[str]) -> list[str]:
        at_top = Path(folder) == source
        return [name for name in found if (at_top and name in names) or _is_left(Path(folder) / name, root)]

    shutil.copytree(source, target, ignore=ignored)


def _is_left(file: Path, root: Path) -> bool:
    if file.is_symlink() and (file.is_dir() or not file.resolve().is_relative_to(root)):
        return True
    return file.name.endswith(_OF_A_PROCESS) or not (file.is_file() or file.is_dir())


def _check_databases(folder: Path, path: Path) -> None:
    for file in folder.rglob("*.sqlite"):
        try:
            with closing(sqlite3.connect(file)) as database:
                (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError:
            continue  # its tables use functions of a later SQLite than ours, which then cannot check it
        except sqlite3.Error as error:
            said = str(error)
        if said != "ok":
            raise InputError(
                f"{path}: {file.name} changed while it was copied ({said}). Stop the agent's gateway "
                "(openclaw gateway stop) and run the same command again."
            )
