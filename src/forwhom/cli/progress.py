"""Live progress: what, how many of how many, time left; plain lines where output is piped."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class LiveProgress:
    """Callable (done, total, what); a context manager that draws a bar on a terminal. unit: what counts."""

    def __init__(self, console: Console, unit: str = "cells") -> None:
        self.done = self.total = 0
        self._console, self._unit = console, unit
        self._bar = Progress(
            TextColumn("[bold]{task.description:<15}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)
        self._started = time.monotonic()
        self._first = 0
        self._tenth = 0

    def __enter__(self) -> LiveProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int, what: str) -> None:
        if what == "reused":
            self._console.print(f"{done} of {total} {self._unit} are already done; going on with the rest.")
            self._first = done
        self.done, self.total = done, total
        self._bar.update(self._task, completed=done, total=total, description=what)
        tenth = 10 * done // max(total, 1)
        if not self._console.is_terminal and tenth > self._tenth:
            self._tenth = tenth
            spent = time.monotonic() - self._started
            left = spent * (total - done) / max(done - self._first, 1)
            self._console.print(f"{what}: {done} of {total} {self._unit}, about {left:.0f} s left")
