"""What was said: transcripts in SQLite (since 2026) and in JSONL (before), as Messages.

A transcript may name its sender in several ways; where none does, nothing is known of whose word it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard

from forwhom.audit.finding import Place
from forwhom.audit.reading.database import Database
from forwhom.audit.reading.deployment import Call, Message, Role
from forwhom.audit.reading.tree import Tree

_EVENT = 4_194_304  # bytes, OpenClaw's own limit
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "toolResult": "tool", "tool": "tool"}
_FRAME = re.compile(r"<<<(?:BEGIN|END)_OPENCLAW_INTERNAL_CONTEXT>>>")
_JSONL = 50_000_000


def messages_of(database: Database, agent: str) -> Iterator[Message]:
    windows = {one["session_id"]: one for one in database.rows("session_windows")}
    for row in database.rows("transcript_events", order="session_id, seq"):
        window = windows.get(row["session_id"], {})
        place = Place(file=database.file, where=f"session {row['session_id']}, event {row['seq']}")
        event = _event(row)
        if event is not None:
            yield from _message(
                event, place, agent, str(row["session_id"]), str(window.get("session_key") or ""),
                str(window.get("chat_type") or ""),
            )  # fmt: skip


def messages_in(tree: Tree, path: Path, agent: str, keys: dict[str, str]) -> Iterator[Message]:
    """Of a JSONL file of an older version. keys: of the sessions, by id."""
    told = tree.text(path, _JSONL)
    session = path.name.split(".jsonl")[0]
    for number, line in enumerate((told or "").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            tree.skip(path, "holds lines that are no JSON")
            continue
        key = keys.get(session, "")
        chat = "group" if ":group:" in key or ":channel:" in key else "direct" if key else ""
        yield from _message(event, Place(file=tree.name(path), line=number), agent, session, key, chat)


def session_keys(tree: Tree, path: Path) -> dict[str, str]:
    """Of sessions.json of an older version."""
    try:
        told = json.loads(tree.text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return {
        str(entry["sessionId"]): str(key)
        for key, entry in (told.items() if isinstance(told, dict) else ())
        if isinstance(entry, dict) and "sessionId" in entry
    }


def _event(row: dict[str, Any]) -> Any:
    try:
        if row.get("event_json") is not None:
            return json.loads(row["event_json"])
        packed = row.get("event_zstd")
        if packed:
            reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
            return json.loads(reader.read(_EVENT))
    except (ValueError, RecursionError, zstandard.ZstdError):
        return None
    return None


def _message(event: Any, place: Place, agent: str, session: str, key: str, chat: str) -> Iterator[Message]:
    told = event.get("message") if isinstance(event, dict) else None
    role = _ROLES.get(str(told.get("role"))) if isinstance(told, dict) else None
    if role is None or not isinstance(told, dict):
        return
    text, calls = _content(told.get("content"))
    mark = told.get("__openclaw")
    mark = mark if isinstance(mark, dict) else {}
    if role == "user" and (not text or _FRAME.search(text) or mark.get("internal")):
        return
    sender = next((str(mark[one]) for one in ("senderId", "sender", "senderName") if mark.get(one)), "")
    sender = sender or str(told.get("sender") or told.get("senderId") or told.get("name") or "")
    is_owner = mark.get("senderIsOwner")
    yield Message(
        place, agent, session, key, chat, role, text, sender,
        is_owner if isinstance(is_owner, bool) else None,
        str(told.get("toolName") or "") if role == "tool" else "", tuple(calls),
        _time(told.get("timestamp", event.get("timestamp"))), str(mark.get("senderName") or ""),
    )  # fmt: skip


def _content(content: Any) -> tuple[str, list[Call]]:
    if isinstance(content, str):
        return content, []
    texts, calls = [], []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            texts.append(part["text"])
        if part.get("type") in ("toolCall", "tool_use", "toolUse"):
            given = part.get("arguments", part.get("input"))
            named = given.items() if isinstance(given, dict) else ()
            calls.append(
                Call(
                    str(part.get("name", "")),
                    {str(name): one if isinstance(one, str) else json.dumps(one) for name, one in named},
                )
            )
    return "\n".join(texts), calls


def _time(told: Any) -> float | None:
    if isinstance(told, int | float) and not isinstance(told, bool):
        return told / 1000 if told > 1e11 else float(told)
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except (ValueError, OverflowError):
        return None
