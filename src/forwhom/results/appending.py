"""A file that only grows, a whole line at a time: on disk when `add` returns."""

from __future__ import annotations

import os
from errno import ENOSPC
from io import FileIO
from pathlib import Path


class Appending:
    """Lines of text in UTF-8. All methods raise OSError where the disk takes no more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None

    def open(self) -> None:
        """Make the file, or go on where it ends; a line torn by a kill is ended. Once."""
        if self._file is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and (content := self._path.read_bytes()) and content[-1:] != b"\n":
            with self._path.open("ab") as file:
                file.write(b"\n")
        self._file = self._path.open("ab", buffering=0)

    def add(self, text: str) -> None:
        """Raises ValueError where the file was not opened."""
        if self._file is None:
            raise ValueError(f"{self._path} is not open")
        line = (text + "\n").encode()
        if self._file.write(line) != len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
