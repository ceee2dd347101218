"""Deployments made real: a folder as OpenClaw leaves it, of one that is written down.

The same file gives the same texts and the same commits each time.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.audit.deployment import Commit, Deployment, FromTemplate, Place, expanded, read_deployment
from tests.audit.state import (
    HERE,
    open_database,
    utc,
    write,
    write_agent_database,
    write_old_state,
    write_state_database,
)

CONFIGS = {"state": "openclaw.json", "clawdbot": "clawdbot.json", "moltbot": "moltbot.json"}
_ROW = {
    "transcript_events": "session_id", "memory_session_tombstones": "session_id", "cron_jobs": "job_id",
    "memory_index_chunks": "path",
}  # fmt: skip
_TEXT = {
    "transcript_events": "event_json", "memory_session_tombstones": "session_id", "cron_jobs": "job_json",
    "standing_intents": "description || ' ' || trigger_keywords", "memory_index_chunks": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A deployment on the disk. workspace: its path below `folder`, "" where the folder is the workspace."""

    written: Path
    folder: Path
    deployment: Deployment
    workspace: str

    def lines(self, place: Place) -> list[int]:
        """1-based lines (of a database: rowids) at which `place` stands; empty if it does not."""
        wanted = expanded(place.text)
        if place.where:
            return [number for number, text in self._rows(place) if wanted in text]
        if place.commit:
            before, after = (self._committed(place.file, place.commit - back) for back in (1, 0))
            gone = getattr(place, "check", "") == "boundary-removed"
            here, there = (before, after) if gone else (after, before)
            found = [n for n, line in enumerate(here, start=1) if wanted in line]
            return [] if any(wanted in line for line in there) else found
        path = self.folder / place.file
        texts = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        if place.line is not None:
            return [place.line] if place.line <= len(texts) and wanted in texts[place.line - 1] else []
        return [number for number, line in enumerate(texts, start=1) if wanted in line]

    def _rows(self, place: Place) -> list[tuple[int, str]]:
        assert place.where
        table = place.where.table
        with open_database(self.folder / place.file) as database:
            query = f"SELECT rowid, {_TEXT[table]} FROM {table} WHERE {_ROW.get(table, 'id')} = ?"
            return [(row, _plain(text)) for row, text in database.execute(query, (place.where.row,))]

    def _committed(self, file: str, number: int) -> list[str]:
        """A file of the workspace as of the commit with this number, or nothing."""
        if number < 1:
            return []
        root = self.folder / self.workspace
        commits = git(root, "rev-list", "--reverse", "HEAD").split()
        name = file.removeprefix(self.workspace).lstrip("/")
        shown = subprocess.run(
            ["git", "show", f"{commits[number - 1]}:{name}"], cwd=root, capture_output=True, text=True
        )
        return shown.stdout.split("\n") if shown.returncode == 0 else []


def build(spec_path: Path, folder: Path) -> Built:
    """Write the deployment of `spec_path` into `folder`, which is made and must be empty."""
    deployment = read_deployment(spec_path)
    folder.mkdir(parents=True, exist_ok=True)
    assert not any(folder.iterdir()), f"{folder} is not empty"
    workspace = "" if deployment.layout == "workspace" else "workspace"
    _write_workspace(deployment, folder / workspace)
    for name, text in deployment.state_files.items():
        write(folder / name, expanded(text))
    if deployment.config is not None and deployment.layout in CONFIGS:
        config = deployment.config
        text = config if isinstance(config, str) else json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        write(folder / CONFIGS[deployment.layout], text)
    if deployment.layout == "state":
        write_agent_database(deployment, folder)
        write_state_database(deployment, folder)
    elif deployment.layout != "workspace":
        write_old_state(deployment, folder)
    return Built(spec_path, folder, deployment, workspace)


def _file_text(text: str | FromTemplate) -> str:
    if isinstance(text, str):
        return expanded(text)
    made = (HERE / "templates" / text.template).read_text(encoding="utf-8")
    for old, new in text.replace.items():
        assert old in made, f"{text.template} does not say {old!r}"
        made = made.replace(old, new)
    return expanded(made + text.append)


def _write_workspace(deployment: Deployment, root: Path) -> None:
    root.mkdir(exist_ok=True)
    final = {name: _file_text(text) for name, text in deployment.files.items()}
    if deployment.history:
        git(root, "init", "--quiet", "--initial-branch=main")
        mentioned = {name for commit in deployment.history for name in commit.files}
        landing = {name: _landing(name, deployment.history) for name in final.keys() - mentioned}
        for number, commit in enumerate(deployment.history):
            also = {name: final[name] for name, at in landing.items() if at == number}
            _commit(root, commit, final, also)
    for name, text in final.items():
        write(root / name, text)


def _landing(name: str, history: list[Commit]) -> int:
    """The commit that brings a file which none names: of a day's note the first one after it."""
    day = re.search(r"\d{4}-\d{2}-\d{2}", name)
    after = (n for n, commit in enumerate(history) if not day or f"{commit.date:%Y-%m-%d}" >= day[0])
    return next(after, len(history) - 1)


def _commit(root: Path, commit: Commit, final: dict[str, str], also: dict[str, str]) -> None:
    then = {name: final[name] if text is True else text for name, text in commit.files.items()}
    for name, text in (also | then).items():
        if text is None:
            (root / name).unlink()
        else:
            write(root / name, expanded(text))
    author, address = re.fullmatch(r"(.+) <(.+)>", commit.author).groups()  # type: ignore[union-attr]
    date = f"{utc(commit.date):%Y-%m-%dT%H:%M:%S+00:00}"
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    git(root, "add", "--all")
    identity = ("-c", f"user.name={author}", "-c", f"user.email={address}")
    git(root, *identity, "commit", "--quiet", "--message", commit.message, **dates)


def git(root: Path, *arguments: str, **environment: str) -> str:
    """Git as it is without the settings of who runs this."""
    alone = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(root.parent),
    }
    always = ("-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", "-c", "init.templateDir=")
    return subprocess.run(
        ["git", *always, *arguments], cwd=root, check=True, capture_output=True, text=True,
        env={**os.environ, **alone, **environment},
    ).stdout  # fmt: skip


def _plain(text: str) -> str:
    """A row's text as people read it: JSON's quotes and line ends undone."""
    return text.replace('\\"', '"').replace("\\n", "\n")
