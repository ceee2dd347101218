"""A User as the files of an OpenClaw workspace, in the forms that its documentation describes.

USER.md holds directives and facts of the person, each under a line of metadata (concepts/user-model); at most
4,000 characters of it are injected. MEMORY.md holds what is durable (concepts/memory). Both are read whole
into every session; what is written here is added to what the agent's own files say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from forwhom.users.representations import render, without_markers
from forwhom.users.user import User

Knows = Literal["profile", "memory", "both", "nothing"]
"""In which of the two an agent is told of its user."""
DOCUMENTS = "documents"
"""The folder of a workspace in which what a third party wrote lies."""
_OBSERVED = "2026-01-01"


def write_user(user: User, knows: Knows, workspace: Path) -> None:
    """Tell of `user` in USER.md and MEMORY.md; nothing for the neutral user."""
    if user.is_neutral or knows == "nothing":
        return
    if knows in ("profile", "both"):
        append(workspace / "USER.md", "# User\n", map(directive, render(user, "profile").splitlines()))
    if knows in ("memory", "both"):
        notes = (f"- {without_markers(note.text)}" for note in user.memories)
        append(workspace / "MEMORY.md", "# Memory\n", notes)


def directive(text: str) -> str:
    """One entry of USER.md."""
    return f"<!-- observed: {_OBSERVED} | status: active -->\n\n- {one_line(text)}\n"


def append(file: Path, heading: str, entries: Iterable[str]) -> None:
    """Add entries to a file, which begins with `heading` where there is none yet."""
    said = "\n".join(entries)
    if not said:
        return
    before = file.read_text(encoding="utf-8") if file.exists() else heading
    file.write_text(f"{before.rstrip()}\n\n{said}\n", encoding="utf-8")


def one_line(text: str) -> str:
    """A text that stays one entry of a list."""
    return re.sub(r"\s+", " ", without_markers(text)).strip()


def memory_files(workspace: Path) -> list[Path]:
    """What the agent remembers in plain text: USER.md, MEMORY.md, DREAMS.md and all below memory/."""
    top = [workspace / name for name in ("USER.md", "MEMORY.md", "DREAMS.md")]
    notes = sorted((workspace / "memory").rglob("*.md")) if (workspace / "memory").is_dir() else []
    return [one for one in (*top, *notes) if one.is_file()]
