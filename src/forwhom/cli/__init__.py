"""The command line: one file a command, thin; every message that a user is meant to read ends here."""

from __future__ import annotations

import logging
import sys

import typer

from forwhom.cli.audit import audit
from forwhom.cli.console import open_console
from forwhom.cli.guard import guard
from forwhom.cli.init import init
from forwhom.cli.mitigate import mitigate
from forwhom.cli.mitigations import mitigations
from forwhom.cli.monitor import monitor
from forwhom.cli.plan import plan
from forwhom.cli.probes import probes
from forwhom.cli.report import report
from forwhom.cli.run import run
from forwhom.cli.taxonomy import taxonomy
from forwhom.cli.users import users
from forwhom.errors import InputError

app = typer.Typer(
    help="Safe for whom, in which combination, and after how long?\n\n"
    "Measures the safety of a personalized LLM system as a function of its user.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    run, plan, report, mitigate, monitor, audit, guard, users, probes, mitigations, taxonomy, init,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)


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
