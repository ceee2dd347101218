"""`forwhom audit PATH`: what a personal agent knows of whom, who can reach it, and what happened to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from forwhom.cli.console import open_console
from forwhom.errors import InputError

_Limit = Literal["low", "medium", "high", "critical"]


def audit(
    path: Annotated[
        Path, typer.Argument(help="A state folder of OpenClaw (~/.openclaw), or a workspace or its checkout.")
    ],
    output_format: Annotated[
        Literal["text", "html", "json", "sarif", "markdown"], typer.Option("--format")
    ] = "text",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where it is written. Default: printed; html: forwhom-audit.html."),
    ] = None,
    fail_on: Annotated[
        _Limit | None, typer.Option("--fail-on", help="Exit with 1 at findings of this severity or worse.")
    ] = None,
    show: Annotated[_Limit, typer.Option("--show", help="Of the text: the least severity shown.")] = "medium",
    suppress: Annotated[
        Path | None,
        typer.Option(
            "--suppress", help="YAML of findings that may stay, each with its reason (docs/audit.md)."
        ),
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="In place of where the configuration says it lies.")
    ] = None,
    with_openclaw: Annotated[
        bool,
        typer.Option("--with-openclaw", help="Also run `openclaw security audit`, on a copy, and merge it."),
    ] = False,
) -> None:
    """Audit a deployed personal agent: read-only, offline, no link followed and no code of it run.

    Answers what it knows of whom, who can reach that, which personalization techniques combine, and what has
    already happened: poisoned memory, standing orders by others, a rewritten persona, sycophancy.
    """
    from forwhom.audit.audited import audited
    from forwhom.audit.suppressions import read_suppressions, refuse_inside
    from forwhom.audit.writing.as_text import print_audit
    from forwhom.audit.writing.formats import WRITERS
    from forwhom.results.files import write_text

    if workspace is not None and not workspace.is_dir():
        raise InputError(f"--workspace {workspace}: no such folder.")
    if out is not None:
        refuse_inside(out, path)
    elif output_format == "html":
        out = Path("forwhom-audit.html")
        refuse_inside(out, path)
    suppressions = read_suppressions(suppress) if suppress else ()
    found = audited(path, workspace, suppressions, with_openclaw=with_openclaw)
    if output_format == "text":
        print_audit(open_console(), found, show)
    elif out is None:
        typer.echo(WRITERS[output_format](found))
    else:
        write_text(out, WRITERS[output_format](found))
        typer.echo(str(out.resolve()))
    if fail_on is not None and (stopped := found.stopping(fail_on)):
        typer.echo(f"gate: {len(stopped)} findings of {fail_on} or worse; the first: {stopped[0].check} at "
                   f"{stopped[0].place}.", err=True)  # fmt: skip
        raise typer.Exit(1)
