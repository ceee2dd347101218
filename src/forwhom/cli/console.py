"""The console that commands print to."""

from __future__ import annotations

from rich.console import Console

_PIPED_WIDTH = 120


def open_console(*, stderr: bool = False) -> Console:
    """As wide as the terminal; in a pipe, where nobody can widen it, wide enough for the tables."""
    shown = Console(stderr=stderr)
    if not shown.is_terminal:
        shown = Console(stderr=stderr, width=_PIPED_WIDTH)
    return shown
