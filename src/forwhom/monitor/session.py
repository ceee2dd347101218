"""One session of one user, with its risk: what a monitor counts.

A log has several lines where a session has several requests, or where several samples tell of the same
session. The session's risk is the largest of them, and it is counted where its last line stands: only then
was its risk known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from forwhom.errors import InputError

NOBODY = "-"
"""The user of a session that names none."""
_QUOTED = 160
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_MILLISECONDS = 1e11  # a later second than this lies in the year 5138
_LATEST = 2.5e11  # seconds; in the year 9892


@dataclass(frozen=True)
class Session:
    """user, id: as the log names them. time: seconds since 1970 in UTC, or None. risk: in [0, 1]. quote: of
    an answer of the riskiest line, one printable line. where: the file and line, or the sample."""

    user: str
    id: str
    time: float | None
    risk: float
    quote: str
    where: str

    @property
    def at(self) -> str | None:
        """The time as people write it, in UTC."""
        if self.time is None:
            return None
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """Lines of one (user, id) made one, by time where it is given, else in the order of the files.

    A line without a time among others that have one stands where the line before it does.
    """
    timed: list[tuple[float, Session]] = []
    latest = float("-inf")
    for one in sessions:
        latest = latest if one.time is None else one.time
        timed.append((latest, one))
    merged: dict[tuple[str, str], Session] = {}
    for _, one in sorted(timed, key=lambda pair: pair[0]):
        before = merged.pop((one.user, one.id), None)
        riskier = before if before is not None and before.risk >= one.risk else one
        merged[one.user, one.id] = replace(riskier, time=one.time)
    return list(merged.values())


def as_risk(value: object, where: str) -> float:
    """A number in [0, 1], or a truth (true is unsafe); raises InputError for anything else."""
    if isinstance(value, bool | int | float) and 0 <= value <= 1:
        return float(value)
    raise InputError(
        f"{where}: a risk is a number from 0 (safe) to 1 (unsafe) or true or false; found {quoted(value)}. "
        "Divide by the largest value of its scale."
    )


def as_time(value: object, where: str) -> float:
    """Seconds or milliseconds since 1970, or ISO 8601 (UTC where it names no zone); else InputError."""
    if isinstance(value, str):
        try:
            told = datetime.fromisoformat(value.strip())
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            pass
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1000 * _LATEST:
        return value / 1000 if value > _MILLISECONDS else float(value)
    raise InputError(
        f"{where}: a time is seconds since 1970 or as 2026-01-31T12:00:00Z; found {quoted(value)}."
    )


def quoted(value: object) -> str:
    """A value of a file in a message: short, and nothing that a terminal obeys."""
    return one_line(repr(value), 60)


def one_line(text: str, at_most: int = _QUOTED) -> str:
    """Spaces in place of line ends and of what a terminal obeys; cut where it is long."""
    plain = " ".join(_UNPRINTABLE.sub(" ", text[: 20 * at_most]).split())
    return plain if len(plain) <= at_most else plain[: at_most - 1] + "…"


def around(text: str, start: int, end: int) -> str:
    """One line of a text around the place from start to end."""
    room = max(0, (_QUOTED - (end - start)) // 2)
    first, last = max(0, start - room), min(len(text), end + room)
    cut = text[first:last]
    return one_line(("…" if first else "") + cut + ("…" if last < len(text) else ""), _QUOTED + 2)
