"""What OpenClaw keeps of its sessions, jobs, intents and senders, written as it writes them.

The tables and events are those of OpenClaw 2026.9.6, copied from a run of it in which it called a tool;
as Clawdbot and Moltbot it kept JSON and JSON Lines.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.audit.deployment import Deployment, Message, Session, expanded

HERE = Path(__file__).parent
AGENT_DATABASE = "agents/main/agent/openclaw-agent.sqlite"
STATE_DATABASE = "state/openclaw.sqlite"


def open_database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    return int(utc(moment).timestamp() * 1000)


def _scope(*parts: str | None) -> str | None:
    return None if None in parts else _json(["v1", *parts])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _events(session: Session) -> Iterator[dict[str, Any]]:
    """A transcript in OpenClaw's own events, each the child of the one before."""
    moment, parent, number = utc(session.started), None, 0

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
        moment = utc(message.at) if message.at else moment + timedelta(minutes=1)
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


def write_agent_database(deployment: Deployment, folder: Path) -> None:
    database = _new_database(
        folder / AGENT_DATABASE, "agent.sql", role="agent", schema_version=23, agent_id="main"
    )
    _insert(database, "session_key_contract", id=1, main_key="main", updated_at=0)
    keys = {session.id: session.key for session in deployment.sessions}
    for session in deployment.sessions:
        _insert_session(database, session)
    for intent in deployment.standing_intents:
        made, channel = _milliseconds(intent.created), intent.channel_scope
        _insert(database, "standing_intents", id=intent.id, description=intent.description,
                trigger_keywords=_json(intent.triggers),
                channel_scope=_scope("channel", channel, "default", channel),
                sender_scope=_scope(channel, "default", intent.sender_scope),
                creator_sender=intent.creator, status=intent.status,
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
    known = {"pluginId": session.channel, "domain": session.channel, "idKind": "user"}
    for person in session.participants:
        _insert(database, "session_participants", session_key=session.key, actor_id=person,
                identity_namespace=_json({"type": "remote", **known}), contribution_count=1)  # fmt: skip
    for number, event in enumerate(events):
        text = _json(event)
        _insert(database, "transcript_events", session_id=session.id, seq=number, event_json=text,
                created_at=at, event_utf8_bytes=len(text.encode()))  # fmt: skip
        _insert(database, "transcript_event_identities", session_id=session.id, event_id=event["id"],
                seq=number, event_type=event["type"], parent_id=event.get("parentId"),
                created_at=at)  # fmt: skip


def _jobs(deployment: Deployment) -> list[dict[str, Any]]:
    return [
        {"id": job.id, "agentId": "main", "name": job.name, "enabled": job.enabled, "createdAtMs": 0,
         "updatedAtMs": 0, "schedule": job.schedule, "sessionTarget": job.session_target, "wakeMode": "now",
         "payload": job.payload, "delivery": job.delivery, "state": {}}
        for job in deployment.cron
    ]  # fmt: skip


def write_state_database(deployment: Deployment, folder: Path) -> None:
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


def write_old_state(deployment: Deployment, folder: Path) -> None:
    """Clawdbot and Moltbot kept transcripts as JSON Lines, jobs and paired senders as JSON."""
    sessions = folder / "agents/main/sessions"
    index = {}
    for session in deployment.sessions:
        write(sessions / f"{session.id}.jsonl", "".join(_json(event) + "\n" for event in _events(session)))
        index[session.key] = {
            "sessionId": session.id, "updatedAt": _milliseconds(session.started),
            "chatType": session.chat_type, "channel": session.channel,
        }  # fmt: skip
    write(sessions / "sessions.json", json.dumps(index, indent=2) + "\n")
    if deployment.cron:
        write(
            folder / "cron/jobs.json", json.dumps({"version": 1, "jobs": _jobs(deployment)}, indent=2) + "\n"
        )
    for channel in sorted({paired.channel for paired in deployment.paired}):
        entries = [paired.entry for paired in deployment.paired if paired.channel == channel]
        stored = json.dumps({"version": 1, "allowFrom": entries}, indent=2) + "\n"
        write(folder / f"credentials/{channel}-allowFrom.json", stored)
