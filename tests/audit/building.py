"""Deployments made real: state dir, SQLite databases and Git history of a written one.

The formats are those of OpenClaw 2026.9.6, copied from a run of it, and of its forerunners (JSON Lines under
agents/main/sessions). The same file gives the same texts and the same commits each time.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.audit.deployment import Commit, Deployment, FromTemplate, Message, Place, Session, read_deployment

HERE = Path(__file__).parent
AGENT_DATABASE = "agents/main/agent/openclaw-agent.sqlite"
STATE_DATABASE = "state/openclaw.sqlite"
CONFIGS = {"state": "openclaw.json", "clawdbot": "clawdbot.json", "moltbot": "moltbot.json"}
_ROW = {"transcript_events": "session_id", "memory_session_tombstones": "session_id", "cron_jobs": "job_id"}
_TEXT = {
    "transcript_events": "event_json", "memory_session_tombstones": "session_id", "cron_jobs": "job_json",
    "standing_intents": "description || ' ' || trigger_keywords", "memory_index_chunks": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A deployment on the disk. workspace: its path below `folder`, "" where the folder is the workspace."""

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
        commits = _git(root, "rev-list", "--reverse", "HEAD").split()
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
        _write(folder / name, expanded(text))
    if deployment.config is not None and deployment.layout in CONFIGS:
        config = deployment.config
        text = config if isinstance(config, str) else json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        _write(folder / CONFIGS[deployment.layout], text)
    if deployment.layout == "state":
        _write_agent_database(deployment, folder)
        _write_state_database(deployment, folder)
    elif deployment.layout != "workspace":
        _write_old_state(deployment, folder)
    return Built(folder, deployment, workspace)


def expanded(text: str) -> str:
    """Invisible things written visibly: {U+200B}, {tags:...} as tag characters, {base64:...} as base64."""
    text = re.sub(r"\{U\+([0-9A-F]{4,6})\}", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(r"\{tags:([^}]*)\}", lambda found: "".join(chr(0xE0000 + ord(c)) for c in found[1]), text)
    return re.sub(r"\{base64:([^}]*)\}", lambda found: base64.b64encode(found[1].encode()).decode(), text)


def open_database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


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
        _git(root, "init", "--quiet", "--initial-branch=main")
        mentioned = {name for commit in deployment.history for name in commit.files}
        first = {name: text for name, text in final.items() if name not in mentioned}
        for commit in deployment.history:
            _commit(root, commit, final, first)
            first = {}
    for name, text in final.items():
        _write(root / name, text)


def _commit(root: Path, commit: Commit, final: dict[str, str], also: dict[str, str]) -> None:
    then = {name: final[name] if text is True else text for name, text in commit.files.items()}
    for name, text in (also | then).items():
        if text is None:
            (root / name).unlink()
        else:
            _write(root / name, expanded(text))
    author, address = re.fullmatch(r"(.+) <(.+)>", commit.author).groups()  # type: ignore[union-attr]
    date = f"{_utc(commit.date):%Y-%m-%dT%H:%M:%S+00:00}"
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    _git(root, "add", "--all")
    identity = ("-c", f"user.name={author}", "-c", f"user.email={address}")
    _git(root, *identity, "commit", "--quiet", "--message", commit.message, **dates)


def _git(root: Path, *arguments: str, **environment: str) -> str:
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


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    return int(_utc(moment).timestamp() * 1000)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(text: str) -> str:
    """A row's text as people read it: JSON's quotes and line ends undone."""
    return text.replace('\\"', '"').replace("\\n", "\n")


def _events(session: Session) -> Iterator[dict[str, Any]]:
    """A transcript in OpenClaw's own events, each the child of the one before."""
    moment, parent, number = _utc(session.started), None, 0

    def stamped(event: dict[str, Any]) -> dict[str, Any]:
        nonlocal parent, number
        number += 1
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{session.id}/{number}"))
        made = {**event, "id": name, "parentId": parent, "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"}
        parent = name
        return made

    yield {"type": "session", "version": 4, "id": session.id,
           "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.000Z}", "cwd": "workspace"}  # fmt: skip
    yield stamped({"type": "model_change", "provider": "local", "modelId": "m"})
    for message in session.messages:
        moment = _utc(message.at) if message.at else moment + timedelta(minutes=1)
        for body in _bodies(message, f"call_{number}", _milliseconds(moment)):
            yield stamped({"type": "message", "message": body})


def _bodies(message: Message, call: str, at: int) -> Iterator[dict[str, Any]]:
    if message.role == "user":
        sender = {"senderId": message.sender, "senderName": message.sender_name}
        own = {"senderIsOwner": message.is_owner, **{key: value for key, value in sender.items() if value}}
        yield {"role": "user", "content": expanded(message.text), "timestamp": at, "__openclaw": own}
        return
    content: list[dict[str, Any]] = []
    if message.text:
        content.append({"type": "text", "text": expanded(message.text)})
    if message.tool:
        called = {"type": "toolCall", "id": call, "name": message.tool, "arguments": message.arguments}
        content.append(called)
    yield {"role": "assistant", "content": content, "api": "openai-completions", "provider": "local",
           "model": "m", "stopReason": "toolUse" if message.tool else "stop", "timestamp": at}  # fmt: skip
    if message.tool:
        result = [{"type": "text", "text": expanded(message.result)}]
        yield {"role": "toolResult", "toolCallId": call, "toolName": message.tool, "content": result,
               "isError": False, "timestamp": at}  # fmt: skip


def _insert(database: sqlite3.Connection, table: str, **values: Any) -> None:
    names, holes = ", ".join(values), ", ".join("?" * len(values))
    # A key of a later session takes the place of an earlier one's, as when a session is reset.
    database.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({holes})", tuple(values.values()))


def _new_database(path: Path, schema: str, **meta: Any) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript((HERE / "schema" / schema).read_text(encoding="utf-8"))
    _insert(
        database,
        "schema_meta",
        meta_key="primary",
        app_version="2026.9.6",
        created_at=0,
        updated_at=0,
        **meta,
    )
    return database


def _write_agent_database(deployment: Deployment, folder: Path) -> None:
    database = _new_database(
        folder / AGENT_DATABASE, "agent.sql", role="agent", schema_version=23, agent_id="main"
    )
    _insert(database, "session_key_contract", id=1, main_key="main", updated_at=0)
    keys = {session.id: session.key for session in deployment.sessions}
    for session in deployment.sessions:
        _insert_session(database, session)
    for intent in deployment.standing_intents:
        made = _milliseconds(intent.created)
        _insert(database, "standing_intents", id=intent.id, description=intent.description,
                trigger_keywords=_json(intent.triggers), channel_scope=intent.channel_scope,
                sender_scope=intent.sender_scope, creator_sender=intent.creator, status=intent.status,
                expires_at=made + 90 * 86_400_000, max_fires=3, created_at=made,
                source_session_id=intent.source_session)  # fmt: skip
    for number, chunk in enumerate(deployment.memory_index):
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{chunk.path}/{number}"))
        _insert(database, "memory_index_chunks", id=name, path=chunk.path, start_line=chunk.start_line,
                end_line=chunk.end_line, hash=name, model="none", text=expanded(chunk.text), embedding=b"",
                updated_at=0)  # fmt: skip
        _insert(database, "memory_index_chunk_provenance", chunk_id=name, origin_class=chunk.origin,
                session_kind=chunk.session_kind, observed_at=0)  # fmt: skip
    for origin in deployment.entry_origins:
        _insert(database, "memory_entry_origins", entry_key=origin.entry_key, agent_id="main",
                session_id=origin.session, session_key=keys.get(origin.session), origin_class=origin.origin,
                observed_at=0)  # fmt: skip
    for tombstone in deployment.tombstones:
        _insert(database, "memory_session_tombstones", session_id=tombstone.session, agent_id="main",
                reason=tombstone.reason, created_at=_milliseconds(tombstone.at))  # fmt: skip
    database.commit()
    database.close()


def _insert_session(database: sqlite3.Connection, session: Session) -> None:
    events = list(_events(session))
    at = _milliseconds(session.started)
    entry = {
        "sessionId": session.id,
        "updatedAt": at,
        "chatType": session.chat_type,
        "channel": session.channel,
    }
    _insert(database, "session_nodes", session_key=session.key, current_session_id=session.id,
            entry_json=_json({key: value for key, value in entry.items() if value is not None}),
            entry_valid=1, updated_at=at, last_interaction_at=at)  # fmt: skip
    scope = session.chat_type if session.chat_type in ("group", "channel") else "conversation"
    _insert(database, "session_windows", session_id=session.id, session_key=session.key, session_scope=scope,
            created_at=at, updated_at=at, chat_type=session.chat_type, channel=session.channel,
            hook_external_content_source=session.hook_source)  # fmt: skip
    for person in session.participants:
        _insert(database, "session_participants", session_key=session.key,
                identity_namespace=session.channel or "unresolved", actor_id=person, contribution_count=1)  # fmt: skip
    for number, event in enumerate(events):
        text = _json(event)
        _insert(database, "transcript_events", session_id=session.id, seq=number, event_json=text, created_at=at,
                event_utf8_bytes=len(text.encode()))  # fmt: skip
        _insert(database, "transcript_event_identities", session_id=session.id, event_id=event["id"], seq=number,
                event_type=event["type"], parent_id=event.get("parentId"), created_at=at)  # fmt: skip


def _jobs(deployment: Deployment) -> list[dict[str, Any]]:
    return [
        {"id": job.id, "agentId": "main", "name": job.name, "enabled": job.enabled, "createdAtMs": 0,
         "updatedAtMs": 0, "schedule": job.schedule, "sessionTarget": job.session_target, "wakeMode": "now",
         "payload": job.payload, "delivery": job.delivery, "state": {}}
        for job in deployment.cron
    ]  # fmt: skip


def _write_state_database(deployment: Deployment, folder: Path) -> None:
    database = _new_database(folder / STATE_DATABASE, "state.sql", role="global", schema_version=18)
    _insert(
        database, "agent_databases", agent_id="main", path=AGENT_DATABASE, schema_version=23, last_seen_at=0
    )
    for number, job in enumerate(_jobs(deployment)):
        _insert(database, "cron_jobs", store_key="main", job_id=job["id"], name=job["name"],
                enabled=int(job["enabled"]), agent_id="main", payload_kind=job["payload"]["kind"],
                job_json=_json(job), sort_order=number, updated_at=0)  # fmt: skip
    for number, paired in enumerate(deployment.paired):
        _insert(database, "channel_pairing_allow_entries", channel_key=paired.channel, account_id="default",
                entry=paired.entry, sort_order=number, updated_at=0)  # fmt: skip
    database.commit()
    database.close()


def _write_old_state(deployment: Deployment, folder: Path) -> None:
    """Clawdbot and Moltbot kept transcripts as JSON Lines, jobs and paired senders as JSON."""
    sessions = folder / "agents/main/sessions"
    index = {}
    for session in deployment.sessions:
        _write(sessions / f"{session.id}.jsonl", "".join(_json(event) + "\n" for event in _events(session)))
        index[session.key] = {
            "sessionId": session.id, "updatedAt": _milliseconds(session.started), "chatType": session.chat_type,
            "channel": session.channel,
        }  # fmt: skip
    _write(sessions / "sessions.json", json.dumps(index, indent=2) + "\n")
    if deployment.cron:
        _write(
            folder / "cron/jobs.json", json.dumps({"version": 1, "jobs": _jobs(deployment)}, indent=2) + "\n"
        )
    for channel in sorted({paired.channel for paired in deployment.paired}):
        entries = [paired.entry for paired in deployment.paired if paired.channel == channel]
        stored = json.dumps({"version": 1, "allowFrom": entries}, indent=2) + "\n"
        _write(folder / f"credentials/{channel}-allowFrom.json", stored)
