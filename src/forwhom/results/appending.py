"""A file that only grows, a whole line of JSON at a time: on disk when `add` returns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import Any

from forwhom.errors import InputError


def whole_lines(path: Path) -> Iterator[Any]:
    """What the lines of a file hold; those torn by a kill are passed over. Nothing where there is no file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def whole_pairs(path: Path) -> Iterator[tuple[str, Any]]:
    """The same of lines that hold a key and what belongs to it; other lines are passed over."""
    for line in whole_lines(path):
        if isinstance(line, list) and len(line) == 2:
            yield line[0], line[1]


class Appending:
    """Lines of JSON in UTF-8."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def open(self) -> None:
        """Make the file, or go on where it ends; a line torn by a kill is ended. Once.

        Raises InputError where that cannot be.
        """
        if self._file is not None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and (content := self._path.read_bytes()) and content[-1:] != b"\n":
                with self._path.open("ab") as file:
                    file.write(b"\n")
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise InputError(
                f"{self._path.parent}: cannot be written: {error.strerror}. Choose another folder: --out DIR"
            ) from None

    def add(self, content: Any) -> None:
        """Raises OSError where the disk takes no more, and ValueError where the file was not opened."""
        if self._file is None:
            raise ValueError(f"{self._path} is not open")
        line = (json.dumps(content, ensure_ascii=False) + "\n").encode()
        if self._file.write(line) != len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
