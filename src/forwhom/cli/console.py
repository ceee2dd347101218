"""The console that commands print to."""

from __future__ import annotations

from rich.console import Console

_PIPED_WIDTH = 120


def open_console(*, stderr: bool = False) -> Console:
    """As wide as the terminal; in a pipe, where nobody can widen it, wide enough for the tables.

    Brackets in a text are text: names come from users' files.
    """
    width = None if Console(stderr=stderr).is_terminal else _PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False)
