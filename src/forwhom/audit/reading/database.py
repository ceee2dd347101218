"""An SQLite file of an untrusted deployment, read from a copy: the original, its journal and its locks are
never opened by SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forwhom.audit.reading.tree import Tree

_LARGEST = 1_000_000_000  # bytes
_ROWS = 200_000


class Database:
    """rows: dicts of a table, none where it does not exist in this version."""

    def __init__(self, tree: Tree, path: Path, connection: sqlite3.Connection) -> None:
        self.file = tree.name(path)
        self._tree, self._path, self._connection = tree, path, connection

    def rows(self, table: str, *, order: str = "rowid") -> list[dict[str, Any]]:
        """All rows of `table` in `order`, a name of our own; at most 200,000."""
        try:
            made = self._connection.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
            if not made or str(made[0]).upper().startswith("CREATE VIRTUAL"):
                return []
            cursor = self._connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}')  # noqa: S608
            names = [one[0] for one in cursor.description]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(_ROWS + 1)]
        except sqlite3.Error as error:
            self._tree.skip(self._path, f"table {table} cannot be read: {error}")
            return []
        if len(found) > _ROWS:
            self._tree.skip(self._path, f"table {table} has more than {_ROWS:,} rows; the rest was not read")
        return found[:_ROWS]


@contextmanager
def opened(tree: Tree, path: Path) -> Iterator[Database | None]:
    """None, and told as skipped, for what is no database."""
    with TemporaryDirectory(prefix="forwhom-audit-") as folder:
        copy = Path(folder) / "copy.sqlite"
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            if suffix and not source.is_file():
                continue
            told = tree.read(source, _LARGEST)
            if told is None and not suffix:
                yield None
                return
            if told:
                copy.with_name(copy.name + suffix).write_bytes(told)
        try:
            connection = sqlite3.connect(copy)
            connection.text_factory = lambda told: told.decode("utf-8", errors="replace")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            tree.skip(path, f"is no readable database: {error}")
            yield None
            return
        try:
            yield Database(tree, path, connection)
        finally:
            connection.close()
