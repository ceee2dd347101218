"""`forwhom report`: a finished run in another format, or as a gate of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import typer

from forwhom.cli.options import FailOn, stop_if


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    output_format: Annotated[
        Literal["html", "json", "markdown", "junit", "sarif"], typer.Option("--format")
    ] = "html",
    fail_on: FailOn = None,
) -> None:
    """Write a run's findings as html (into the run's folder), or print them in another format."""
    from forwhom.reports.finished import read_run
    from forwhom.reports.formats import Run, write_findings
    from forwhom.reports.html import write_report

    finished = read_run(run)
    if output_format == "html":
        typer.echo(str(write_report(finished).resolve()))
    else:
        where = quote((run / "findings.json").as_posix())
        typer.echo(write_findings(finished.findings, output_format, Run(where, finished.measured)))
    stop_if(fail_on, finished.findings, finished.provenance)
