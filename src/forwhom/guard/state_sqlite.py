"""State in a file of SQLite: write-ahead log, synced at every commit, readable by its owner only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forwhom.errors import InputError

_PATIENCE = 10.0  # seconds that another process may hold the file


class Sqlite:
    lock = ""  # BEGIN IMMEDIATE lets in one writer at a time

    def __init__(self, path: str) -> None:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._file = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"--state: {Path(path)} cannot be used: {error}. Name another file.") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._file.execute(sql, values).fetchall()

    def close(self) -> None:
        self._file.close()
