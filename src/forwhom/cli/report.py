"""`forwhom report`: a finished run in another format, or as a gate of a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import typer
from pydantic import ValidationError

from forwhom.cli.options import FailOn
from forwhom.errors import InputError


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    output_format: Annotated[
        Literal["html", "json", "markdown", "junit", "sarif"], typer.Option("--format")
    ] = "html",
    fail_on: FailOn = None,
) -> None:
    """Write a run's findings as html (into the run's folder), or print them in another format."""
    from forwhom.reports.finding import Finding
    from forwhom.reports.formats import gate, write_findings
    from forwhom.reports.html import write_report

    path = run / "findings.json"
    if not path.is_file():
        raise InputError(f"{run}: no findings.json here; name the folder of a finished run (runs/...).")
    try:
        findings = [Finding.model_validate(one) for one in json.loads(path.read_text("utf-8"))]
    except (ValueError, ValidationError) as error:
        raise InputError(f"{path}: not a list of findings: {error}") from None
    if output_format == "html":
        typer.echo(str(write_report(run).resolve()))
    else:
        typer.echo(write_findings(findings, output_format, quote(path.as_posix())))
    if fail_on and gate(findings, fail_on):
        raise typer.Exit(1)
