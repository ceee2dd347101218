"""The journal: what is finished, a line a cell, written as it happens.

A killed run loses at most the line that was being written; the results table is made from the journal,
and a run that finds its cells here does not ask them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from forwhom.errors import InputError
from forwhom.results.appending import Appending, whole_pairs
from forwhom.results.table import SCHEMA

Row = dict[str, Any]


class Journal:
    """Append-only file of finished cells. Rows of one cell are written together or not at all.

    failure: why the last cell that was to be added is not here: what asks may swallow the error.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = Appending(path)
        self.failure: InputError | None = None
        self.finished: dict[str, list[Row]] = {}
        for key, rows in whole_pairs(path):  # a cell whose line is torn is asked again
            self.finished[key] = rows

    @property
    def studies(self) -> set[str]:
        """The names of the studies whose cells are here."""
        return {str(row.get("study")) for rows in self.finished.values() for row in rows}

    def open(self) -> None:
        """Make the file, or go on where it ends; once. Raises InputError where that cannot be."""
        self._file.open()

    def add(self, key: str, rows: list[Row]) -> None:
        """Record a finished cell; on disk when this returns. Raises InputError on a full disk."""
        try:
            self._file.add([key, rows])
        except OSError as error:
            self.failure = InputError(
                f"{self._path}: {error.strerror}. {len(self.finished)} finished cells are kept; make "
                "room and run the same command again."
            )
            raise self.failure from None
        self.finished[key] = rows

    def close(self) -> None:
        self._file.close()


def results_table(rows: list[Row]) -> pl.DataFrame:
    """The rows as the results table: the fixed columns first, then layers, then attributes."""
    extra = sorted({name for row in rows for name in row if name not in SCHEMA})
    layers = [name for name in extra if name.startswith("layer:")]
    attributes = [name for name in extra if name.startswith("user:")]
    schema: Mapping[str, Any] = SCHEMA | {name: pl.String() for name in layers + attributes}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
