"""What the proxy keeps: each user's monitor, and a record of every request, however often it is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from secrets import token_hex
from typing import Any, Literal, Protocol

from forwhom.errors import InputError
from forwhom.guard.drift import Monitor, Watch

Outcome = Literal["answered", "aborted", "refused", "failed", "upstream"]
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS forwhom_kept (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS forwhom_requests (id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, "
    "person TEXT NOT NULL, outcome TEXT NOT NULL, alarmed INTEGER NOT NULL, record TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS forwhom_requests_at ON forwhom_requests (at)",
    "CREATE TABLE IF NOT EXISTS forwhom_watched (person TEXT PRIMARY KEY, turns BIGINT NOT NULL, "
    "unsafe BIGINT NOT NULL, level DOUBLE PRECISION NOT NULL, since BIGINT NOT NULL, "
    "alarms BIGINT NOT NULL, detector TEXT NOT NULL)",
)  # fmt: skip
_COLUMNS = "turns, unsafe, level, since, alarms, detector"
_UPDATE = f"UPDATE forwhom_watched SET {_COLUMNS.replace(',', ' = ?,')} = ? WHERE person = ?"  # noqa: S608
_BEGIN = (
    f"INSERT INTO forwhom_watched (person, {_COLUMNS}) "  # noqa: S608
    "VALUES (?, 0, 0, 0, 0, 0, '') ON CONFLICT DO NOTHING"
)
_INSERT = "INSERT INTO forwhom_requests (id, at, person, outcome, alarmed, record) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Record:
    """One request, without its content.

    id: ours, drawn anew for each. at: seconds since 1970. risk: 0 or 1 of an answer that was given, 1 of one
    that the client left once it was changed, None of what is no turn. interventions: what was changed, or in
    observe would have been. failures: steps that failed. chars, hash: of request and answer; the hash has a
    key that the state keeps. seconds: spent by step. alarmed: whether the monitor did, as the state tells.
    """

    id: str
    at: float
    user: str
    outcome: Outcome
    status: int
    mode: str
    policy: str
    model: str = ""
    streamed: bool = False
    risk: float | None = None
    interventions: tuple[dict[str, Any], ...] = ()
    failures: tuple[str, ...] = ()
    chars: dict[str, int] = field(default_factory=dict)
    hash: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    alarmed: bool = False

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


class Database(Protocol):
    """One connection, used by one thread. lock: what makes a SELECT hold its rows until the end."""

    lock: str

    def transaction(self) -> AbstractContextManager[Any]: ...

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """sql: with ? for each value."""

    def close(self) -> None: ...


class Store:
    """Blocks; `Recorder` calls it from one thread of its own."""

    def __init__(self, database: Database, monitor: Monitor) -> None:
        self._database, self._monitor = database, monitor
        with database.transaction():
            for statement in _SCHEMA:
                database.run(statement)
            put = "INSERT INTO forwhom_kept (name, value) VALUES ('key', ?) ON CONFLICT DO NOTHING"
            database.run(put, token_hex(32))
        self.key = bytes.fromhex(database.run("SELECT value FROM forwhom_kept WHERE name = 'key'")[0][0])

    def write(self, records: Sequence[Record]) -> dict[str, Watch]:
        """All in one transaction, durable when it returns; by id, how the user's monitor stands after it. A
        record that is there already changes nothing."""
        stand = {}
        with self._database.transaction():
            # In an order that all proxies of one database share, so that none waits for another in a ring.
            for record in sorted(records, key=lambda one: one.user):
                stand[record.id] = self._write(record)
        return stand

    def _write(self, record: Record) -> Watch:
        run = self._database.run
        known = run("SELECT alarmed FROM forwhom_requests WHERE id = ?", record.id)
        watch = self.watch(record.user, lock=True)
        if known:
            return Watch(**{**asdict(watch), "alarmed": bool(known[0][0])})
        if record.risk is not None:
            watch = self._monitor.after(watch, record.risk)
            run(
                _UPDATE,
                watch.turns, watch.unsafe, watch.level, watch.since, watch.alarms, watch.detector,
                record.user,
            )  # fmt: skip
        run(
            _INSERT,
            record.id, record.at, record.user, record.outcome,
            int(watch.alarmed), replace(record, alarmed=watch.alarmed).as_json(),
        )  # fmt: skip
        return watch

    def watch(self, user: str, *, lock: bool = False) -> Watch:
        """lock: inside of a transaction, so that nobody else changes it before its end."""
        if lock:
            self._database.run(_BEGIN, user)
        held = self._database.lock if lock else ""
        sql = f"SELECT {_COLUMNS} FROM forwhom_watched WHERE person = ?{held}"  # noqa: S608
        found = self._database.run(sql, user)
        return Watch(*found[0]) if found else Watch()

    def records(self) -> list[dict[str, Any]]:
        """All, in order of time: for who looks after an incident."""
        found = self._database.run("SELECT record FROM forwhom_requests ORDER BY at, id")
        return [json.loads(one[0]) for one in found]

    def ping(self) -> None:
        self._database.run("SELECT 1")

    def close(self) -> None:
        self._database.close()


def open_store(url: str, monitor: Monitor) -> Store:
    """Raises InputError for what is no state, or cannot be reached."""
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        from forwhom.guard.state_sqlite import Sqlite

        return Store(Sqlite(url.removeprefix("sqlite:///")), monitor)
    if url.startswith(("postgresql://", "postgres://")):
        from forwhom.guard.state_postgres import Postgres

        return Store(Postgres(url), monitor)
    kind = url.partition(":")[0]  # the rest may hold a password
    raise InputError(f"--state: expected sqlite:///PATH or postgresql://...; found '{kind}:...'.")
