"""Where a text can still be found in what an agent leaves: files, and every table of every database.

A transcript that OpenClaw has compressed is found in its full-text index, not in itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

_BESIDE = ("-wal", "-shm")  # of a database, which is read through its tables


def places_with(text: str, folder: Path, name: str, without: Iterable[str] = ()) -> list[str]:
    """The files and tables below `folder` that hold `text`, as "FILE in NAME"; names at the top that are
    `without` are passed over."""
    if not text or not folder.is_dir():
        return []
    found = []
    for file in sorted(folder.rglob("*")):
        below = file.relative_to(folder)
        if below.parts[0] in without or not file.is_file():
            continue
        if file.name.endswith(".lock.sqlite"):
            continue  # held by the running gateway, and empty
        if file.suffix == ".sqlite":
            found += [
                f"the table {table} of {below.as_posix()} in {name}" for table in tables_with(text, file)
            ]
        elif not file.name.endswith(_BESIDE) and _is_in(text, file):
            found.append(f"the file {below.as_posix()} in {name}")
    return found


def tables_with(text: str, file: Path) -> list[str]:
    """The tables of a SQLite database in which a value holds `text`, as it is or inside of JSON."""
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=1)) as database:
            return [name for name in _tables(database) if _holds(database, name, forms)]
    except sqlite3.Error:
        return []


def _tables(database: sqlite3.Connection) -> Iterator[str]:
    # Of a full-text index the content is searched; the index itself needs the tokenizer that made it.
    for name, made in database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        if not str(made).upper().startswith("CREATE VIRTUAL"):
            yield name


def _holds(database: sqlite3.Connection, table: str, forms: Iterable[str]) -> bool:
    quoted = '"' + table.replace('"', '""') + '"'
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({quoted})")]
    return any(_column_holds(database, quoted, column, form) for column in columns for form in forms)


def _column_holds(database: sqlite3.Connection, table: str, column: str, form: str) -> bool:
    named = '"' + column.replace('"', '""') + '"'
    query = f"SELECT 1 FROM {table} WHERE instr(CAST({named} AS TEXT), ?) LIMIT 1"  # noqa: S608
    try:
        return database.execute(query, (form,)).fetchone() is not None
    except sqlite3.Error:  # made by a function that our SQLite lacks
        return False


def _is_in(text: str, file: Path) -> bool:
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return any(form.encode() in content for form in (text, json.dumps(text)[1:-1]))
