"""`forwhom run`: ask, measure, find, report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from forwhom.cli.console import open_console
from forwhom.cli.options import (
    DatasetSpec,
    FailOn,
    Limit,
    LiveSystem,
    ModelHeader,
    ModelName,
    ModelUrl,
    Seed,
    StudyFile,
    SuiteName,
    TextOrJson,
    UsersFile,
    stop_if,
    study_from,
)
from forwhom.cli.progress import LiveProgress
from forwhom.cli.protecting import Protect, protected
from forwhom.studies.study import SUITE


def run(
    study: StudyFile = None,
    suite: SuiteName = SUITE,
    model: ModelName = None,
    limit: Limit = None,
    seed: Seed = None,
    users: UsersFile = None,
    dataset: DatasetSpec = None,
    system: LiveSystem = None,
    model_base_url: ModelUrl = None,
    model_header: ModelHeader = None,
    protect: Protect = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where results go. Default: runs/STUDY-FINGERPRINT."),
    ] = None,
    output_format: TextOrJson = "text",
    fail_on: FailOn = None,
) -> None:
    """Run a study and write its report.

    The same command again reuses what is done; after Ctrl-C it goes on where it stopped.
    """
    from forwhom.reports.conclusion import conclude
    from forwhom.reports.terminal import print_summary
    from forwhom.studies.prepared import prepare
    from forwhom.studies.runner import InterruptedStudyError, run_study

    console = open_console(stderr=output_format == "json")
    wanted = study_from(
        study, suite, model, limit, seed, users, dataset, system, model_base_url, model_header
    )
    prepared = prepare(protected(wanted, protect) if protect else wanted)
    folder = out or prepared.default_folder
    try:
        with LiveProgress(console, prepared.unit) as progress:
            done = run_study(prepared, folder, progress)
    except InterruptedStudyError:
        console.print(
            f"\nStopped. {progress.done} of {progress.total} {prepared.unit} are finished and kept in "
            f"{folder}.\n"
            "Run the same command again to go on from there."
        )
        raise typer.Exit(130) from None
    console.print("Reading the results ...", style="dim")
    said = conclude(done, prepared.study)
    if output_format == "json":
        dumped = [finding.model_dump(mode="json") for finding in said.findings]
        typer.echo(json.dumps({"run": str(said.folder), "report": str(said.report), "findings": dumped}))
    else:
        print_summary(console, said.summary, said.findings, said.top, said.provenance)
        console.print(f"\nReport: {said.report.resolve()}", style="bold", soft_wrap=True)
    stop_if(fail_on, said.findings, said.provenance)
