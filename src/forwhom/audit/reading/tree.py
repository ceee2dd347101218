"""Files of an untrusted folder: regular files only, no link followed, bounded in size and number."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from forwhom.errors import InputError

TEXT = 2_000_000
"""Bytes of a text at most; a memory file is some thousand."""
TOTAL = 512_000_000
FILES = 20_000
_NO_MEMORY = {".git", "node_modules", ".venv", "__pycache__", ".cache"}


@dataclass
class Tree:
    """root: a folder. skipped: what was not read, and why, a line each, in the order in which it was met."""

    root: Path
    skipped: list[str] = field(default_factory=list)
    _read: int = 0

    def name(self, path: Path) -> str:
        """As findings name it: relative to the root; outside of it, the whole path."""
        try:
            return path.relative_to(self.root).as_posix() or "."
        except ValueError:
            return path.as_posix()

    def files(self, under: Path) -> Iterator[Path]:
        """Regular files below a folder, in order of names; links, and folders without memory, left out."""
        seen = 0
        for folder, folders, names in os.walk(under, followlinks=False, onerror=self._unreadable):
            here = Path(folder)
            for name in sorted(folders):
                if (here / name).is_symlink():
                    self.skip(here / name, "is a link")
            folders[:] = sorted(one for one in folders if one not in _NO_MEMORY)
            for name in sorted(names):
                seen += 1
                if seen > FILES:
                    self.skip(under, f"holds more than {FILES:,} files; the rest was not read")
                    return
                if self.is_regular(here / name):
                    yield here / name

    def is_regular(self, path: Path) -> bool:
        """A link is told of as skipped; a pipe, a socket or what is missing is not a file."""
        try:
            mode = path.lstat().st_mode
        except (OSError, ValueError):
            return False
        if stat.S_ISLNK(mode):
            self.skip(path, "is a link")
        return stat.S_ISREG(mode) and not self._is_behind_a_link(path)

    def read(self, path: Path, at_most: int = TEXT) -> bytes | None:
        """None, and told as skipped, for what is a link, too large or unreadable."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self.skip(path, f"cannot be opened: {error.strerror}")
            return None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                self.skip(path, "is no regular file")
                return None
            if status.st_size > at_most:
                self.skip(path, f"is larger than {at_most:,} bytes")
                return None
            if self._read + status.st_size > TOTAL:
                self.skip(path, f"comes after {TOTAL:,} bytes, the most that is read of a deployment")
                return None
            told = file.read(at_most + 1)[:at_most]
        self._read += len(told)
        return told

    def text(self, path: Path, at_most: int = TEXT) -> str | None:
        """What is no UTF-8 is read with replacement characters: a bad byte must not hide a file."""
        told = self.read(path, at_most)
        return None if told is None else told.decode("utf-8", errors="replace")

    def is_folder(self, path: Path) -> bool:
        """A folder that is reached without a link."""
        return path.is_dir() and not path.is_symlink() and not self._is_behind_a_link(path)

    def _is_behind_a_link(self, path: Path) -> bool:
        """Of the folders below the root; the root itself, and a workspace elsewhere, were named."""
        if not path.is_relative_to(self.root) or path.parent.resolve() == path.parent:
            return False
        self.skip(path, "lies behind a link")
        return True

    def skip(self, path: Path, why: str) -> None:
        told = f"{self.name(path)}: {why}"
        if told not in self.skipped:
            self.skipped.append(told)

    def _unreadable(self, error: OSError) -> None:
        self.skip(Path(str(error.filename)), f"cannot be read: {error.strerror}")


def tree_of(path: Path) -> Tree:
    """Raises InputError for what is no readable folder. A link that is the root itself is followed."""
    if not path.exists():
        raise InputError(f"{path}: no such folder. {WANTED}")
    if not path.is_dir():
        raise InputError(f"{path}: is a file. {WANTED}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise InputError(f"{path}: cannot be read. Run as its owner.")
    return Tree(path.resolve())


WANTED = "Name a state folder of OpenClaw, as ~/.openclaw, or a workspace, which holds SOUL.md or MEMORY.md."
