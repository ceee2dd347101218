"""From files to sessions in order: which of them are logs of Inspect, which are conversations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forwhom.errors import InputError
from forwhom.monitor.chat_logs import chat_sessions
from forwhom.monitor.inspect_logs import inspect_sessions
from forwhom.monitor.phrases import Phrases
from forwhom.monitor.session import Session, in_order

_CHAT = ".jsonl"
_INSPECT = (".eval", ".json")
_WANTED = "Name logs of Inspect (.eval, .json), conversations (.jsonl), or a folder of either."


@dataclass(frozen=True)
class How:
    """score: of Inspect's logs; None: "risk", or the only one. risk_field: of a line of JSONL. skip_bad:
    leave out lines and samples that cannot be read, instead of raising."""

    score: str | None = None
    risk_field: str = "risk"
    phrases: Phrases | None = None
    skip_bad: bool = False


@dataclass(frozen=True)
class Read:
    """sessions: in order, each (user, session) once. skipped: what is wrong of each line (or sample) that was
    left out."""

    sessions: tuple[Session, ...]
    files: int
    skipped: tuple[str, ...]


def read_sessions(paths: Sequence[Path], how: How) -> Read:
    """Raises InputError for what is no log, and where not one session is left."""
    files = [file for path in paths for file in _files(path)]
    skipped: list[str] = []
    sessions = in_order(one for file in files for one in _lines(file, how, skipped))
    if not sessions:
        first = f" {len(skipped)} were left out, the first because: {skipped[0]}" if skipped else ""
        raise InputError(f"{', '.join(map(str, paths))}: holds no session.{first}\n{_WANTED}")
    return Read(tuple(sessions), len(files), tuple(skipped))


def _lines(file: Path, how: How, skipped: list[str]) -> Iterator[Session]:
    if file.suffix == _CHAT:
        return chat_sessions(file, how.risk_field, how.phrases, skipped, strict=not how.skip_bad)
    return inspect_sessions(file, how.score, how.phrases, skipped, strict=not how.skip_bad)


def _files(path: Path) -> list[Path]:
    """A folder's logs: those named .eval; where it has none, its conversations; else what is named .json."""
    if path.is_dir():
        for suffix in (".eval", _CHAT, ".json"):
            if found := sorted(file for file in path.rglob(f"*{suffix}") if file.is_file()):
                return found
        raise InputError(f"{path}: holds no log. {_WANTED}")
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder. {_WANTED}")
    if path.suffix not in (*_INSPECT, _CHAT):
        raise InputError(f"{path}: the name ends in '{path.suffix}'. {_WANTED}")
    return [path]
