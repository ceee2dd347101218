"""Replies of a model, kept on disk as they come: a study of lives that is killed goes on where it was.

A life is played anew from its first session, as deterministic as it was; whatever was asked before is
answered from here, so that a kill loses no more than the asks that were under way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forwhom.errors import InputError
from forwhom.results.appending import Appending, whole_lines, whole_pairs
from forwhom.systems.reply import Action, Reply


class KeptReplies(MutableMapping[str, Reply]):
    """Replies by all that the model read; a line of JSON each. Lines torn by a kill are passed over.

    study: its name; models: of what the replies are, where weights may change under a name. failure: why the
    last one could not be kept. Raises InputError where the file cannot be written, or is another study's.
    """

    def __init__(self, path: Path, study: str, models: str = "") -> None:
        self._path, self._models = path, models
        others = {one for one in _studies(path) if one != study}
        if others:
            raise InputError(
                f"{path.parent}: holds the replies of study '{min(others)}'; choose another folder: --out DIR"
            )
        self._known = dict(_read(path))
        self.failure: InputError | None = None
        self._file = Appending(path)
        self._file.open()
        if not path.stat().st_size:
            self._add({"study": study})

    def __setitem__(self, key: str, reply: Reply) -> None:
        short = self._short(key)
        self._known[short] = reply
        self._add([short, asdict(reply)])

    def _add(self, content: Any) -> None:
        try:
            self._file.add(content)
        except OSError as error:
            self.failure = InputError(
                f"{self._path}: {error.strerror}. What was answered is kept; make room and run the same "
                "command again."
            )
            raise self.failure from None

    def __getitem__(self, key: str) -> Reply:
        return self._known[self._short(key)]

    def __contains__(self, key: object) -> bool:
        return self._short(str(key)) in self._known

    def __delitem__(self, key: str) -> None:
        raise TypeError("what was answered stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _short(self, key: str) -> str:
        return hashlib.sha256(f"{self._models}{key}".encode(errors="replace")).hexdigest()

    def close(self) -> None:
        self._file.close()


def _studies(path: Path) -> Iterator[str]:
    """The study that the first line tells."""
    first = next(whole_lines(path), None)
    if isinstance(first, dict) and "study" in first:
        yield str(first["study"])


def _read(path: Path) -> Iterator[tuple[str, Reply]]:
    for key, told in whole_pairs(path):
        with suppress(TypeError, KeyError, AttributeError):  # of another version
            yield key, _reply(told)


def _reply(told: dict[str, Any]) -> Reply:
    whole: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
    }
    whole["actions"] = tuple(Action(**one) for one in told["actions"])
    return Reply(**whole)
