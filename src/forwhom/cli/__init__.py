"""The command line: one file a command, thin; every message that a user is meant to read ends here.

A command's file is loaded when it is asked for: an audit need not wait for Inspect, nor a proxy keep in
memory what studies need.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from forwhom.cli.console import open_console
from forwhom.errors import InputError

COMMANDS = (
    "run", "plan", "report", "mitigate", "monitor", "audit", "guard", "users", "probes", "mitigations",
    "taxonomy", "init",
)  # fmt: skip
"""Each a function in the file of its name."""
_CONTEXT = {"help_option_names": ["-h", "--help"]}


@cache
def _loaded(name: str) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", context_settings=_CONTEXT)
    alone.command(name)(getattr(import_module(f"forwhom.cli.{name}"), name))
    return get_command(alone)


class _Commands(Mapping[str, Any]):
    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = _Commands()  # type: ignore[assignment]


app = typer.Typer(
    cls=_Group,
    help="Safe for whom, in which combination, and after how long?\n\n"
    "Measures the safety of a personalized LLM system as a function of its user.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=_CONTEXT,
)
app.callback()(lambda: None)


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 a gate failed, 2 bad input, 130 interrupted and resumable."""
    logging.raiseExceptions = False  # a log that cannot be written (a full disk) is no news beside ours
    try:
        app()
    except InputError as error:
        said = f"forwhom: {error}"
        open_console(stderr=True).print(said, style="bold red", soft_wrap=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
