"""The files of a run: written whole or not at all; a disk that takes no more is the user's to mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from forwhom.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8; raises InputError where the disk is full or the folder not writable."""
    _whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table as Parquet; raises InputError as `write_text` does."""
    _whole(path, table.write_parquet)


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        write(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot be written: {error.strerror or error}. What is finished is kept; make room "
            "and run the same command again."
        ) from None
