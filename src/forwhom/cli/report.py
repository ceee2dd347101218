"""`forwhom report`: a finished run in another format, or as a gate of a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from forwhom.errors import InputError


def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    output_format: Annotated[
        str, typer.Option("--format", help="html, json, markdown, junit or sarif.")
    ] = "html",
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", help="Exit 1 on findings of this kind: any, worse.")
    ] = None,
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
        typer.echo(write_findings(findings, output_format))
    if fail_on and gate(findings, fail_on):
        raise typer.Exit(1)
