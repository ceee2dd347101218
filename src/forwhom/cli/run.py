"""`forwhom run`: ask, measure, find, report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from forwhom.cli.options import (
    DatasetSpec,
    Limit,
    ModelName,
    Seed,
    StudyFile,
    SuiteName,
    UsersFile,
    study_from,
)
from forwhom.cli.progress import LiveProgress


def run(
    study: StudyFile = None,
    suite: SuiteName = "relational",
    model: ModelName = None,
    limit: Limit = None,
    seed: Seed = None,
    users: UsersFile = None,
    dataset: DatasetSpec = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where results go. Default: runs/STUDY-FINGERPRINT."),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="text or json (for scripts).")] = "text",
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", help="Exit 1 on findings of this kind: any, worse.")
    ] = None,
) -> None:
    """Run a study and write its report.

    The same command again reuses what is done; after Ctrl-C it goes on where it stopped.
    """
    from forwhom.reports.findings import relational_findings
    from forwhom.reports.formats import gate
    from forwhom.reports.html import write_report
    from forwhom.reports.terminal import print_summary
    from forwhom.statistics.relational import relational_summary
    from forwhom.studies.runner import InterruptedStudyError, prepare, run_study

    console = Console(stderr=output_format == "json")
    prepared = prepare(study_from(study, suite, model, limit, seed, users, dataset))
    folder = out or Path("runs") / f"{prepared.study.name}-{prepared.fingerprint}"
    try:
        with LiveProgress(console) as progress:
            done = run_study(prepared, folder, progress)
    except InterruptedStudyError:
        console.print(
            f"\nStopped. {progress.done} of {progress.total} cells are finished and kept in {folder}.\n"
            "Run the same command again to go on from there."
        )
        raise typer.Exit(130) from None
    console.print("Reading the results ...", style="dim")
    summary = relational_summary(done.results, confidence=prepared.study.confidence)
    findings = relational_findings(done.results, summary, tolerance=prepared.study.tolerance)
    dumped = [finding.model_dump(mode="json") for finding in findings]
    (folder / "findings.json").write_text(json.dumps(dumped, indent=2, ensure_ascii=False) + "\n")
    report = write_report(folder, summary)
    if output_format == "json":
        typer.echo(json.dumps({"run": str(folder), "report": str(report), "findings": dumped}))
    else:
        print_summary(console, summary, findings, done.provenance)
        console.print(f"\nReport: {report.resolve()}", style="bold", soft_wrap=True)
    if fail_on and gate(findings, fail_on):
        raise typer.Exit(1)
