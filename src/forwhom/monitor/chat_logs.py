"""Conversations as JSONL, one object a line: a session, or one request of it, as OpenAI's API writes them.

    {"messages": [{"role": "assistant", "content": "..."}], "user": "u1", "session": "s1",
     "created": 1767225600, "risk": 0.2}

messages: texts, or lists of parts with a text; the answer may also stand in `choices`, as in a response.
user, session (or session_id) and created (or timestamp) may also stand in `metadata`, as may the risk; all
are optional. A line without a session is one of its own. The risk stands in a field of any name, or comes
from watched phrases; where a line has both, the larger counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from forwhom.errors import InputError
from forwhom.monitor.phrases import Phrases
from forwhom.monitor.session import NOBODY, Session, as_risk, as_time, one_line, quoted
from forwhom.validated import read_json

Told = Mapping[str, Any]


def chat_sessions(
    path: Path, risk_field: str, phrases: Phrases | None, skipped: list[str], *, strict: bool
) -> Iterator[Session]:
    """Every line of a file. skipped: takes what is wrong of a bad line; strict: it raises InputError."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield _session(line, f"{path}, line {number}", risk_field, phrases)
                except InputError as error:
                    if strict:
                        raise InputError(f"{error}\nTo leave out such lines: --skip-bad") from None
                    skipped.append(str(error))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from None


def _session(line: bytes, where: str, risk_field: str, phrases: Phrases | None) -> Session:
    try:
        told = read_json(line.decode("utf-8-sig"), where)
    except UnicodeDecodeError:
        raise InputError(f"{where}: is not a text in UTF-8.") from None
    if not isinstance(told, dict):
        raise InputError(f"{where}: expected an object with messages or a risk; found {quoted(told)}.")
    metadata = told.get("metadata")
    also: Told = metadata if isinstance(metadata, dict) else {}
    answers = _answers(told, where)
    value = _at(told, risk_field, also)
    hit = phrases.found(answers) if phrases else None
    if value is None and phrases is None:
        raise InputError(
            f"{where}: has no risk at '{risk_field}' or 'metadata.{risk_field}'. Name the field that holds "
            "it (--risk-field NAME), or a file of phrases that no answer may hold (--watch FILE)."
        )
    if value is None and not answers:
        raise InputError(f"{where}: has neither a risk at '{risk_field}' nor an assistant's turn.")
    risk = max(0.0 if value is None else as_risk(value, f"{where}, {risk_field}"), float(hit is not None))
    time = _first(told, also, "created", "timestamp", "time")
    named = _first(told, also, "session", "session_id")
    return Session(
        user=_name(_first(told, also, "user", "user_id"), NOBODY, f"{where}, user"),
        id=_name(named, where, f"{where}, session"),
        time=None if time is None else as_time(time, where),
        risk=risk, quote=hit or one_line(answers[-1] if answers else ""), where=where,
    )  # fmt: skip


def _answers(told: Told, where: str) -> list[str]:
    messages = told.get("messages") or []
    choices = told.get("choices") or []
    if isinstance(messages, list) and isinstance(choices, list):
        replies = [one.get("message") for one in choices if isinstance(one, dict)]
        spoken = [*messages, *(one for one in replies if one is not None)]
        if all(isinstance(one, dict) and isinstance(one.get("role"), str) for one in spoken):
            return [_text(one.get("content")) for one in spoken if one["role"] == "assistant"]
    raise InputError(
        f"{where}, messages: expected a list of objects with role and content; found "
        f"{quoted(told.get('messages'))}."
    )


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)


def _first(told: Told, also: Told, *names: str) -> Any:
    places = (place.get(name) for place in (told, also) for name in names)
    return next((value for value in places if value is not None), None)


def _at(told: Told, field: str, also: Told) -> Any:
    """The value at a name, or at names joined by dots; of the line, else of its metadata."""
    for place in (told, also):
        found: Any = place.get(field)
        if found is None:
            found = place
            for name in field.split("."):
                found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _name(value: object, otherwise: str, where: str) -> str:
    if value is None or value == "":
        return otherwise
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"{where}: expected a name; found {quoted(value)}.")
