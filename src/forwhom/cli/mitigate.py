"""`forwhom mitigate RUN`: what to do about what a run found, confirmed on fresh people and requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from forwhom.cli.console import open_console
from forwhom.cli.options import TextOrJson
from forwhom.cli.progress import LiveProgress


def mitigate(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    budget: Annotated[
        float, typer.Option("--budget", min=0, max=1, help="Usefulness that may be lost, as a share.")
    ] = 0.02,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", min=0, max=1, help="In place of the study's: the accepted unsafe rate."),
    ] = None,
    system: Annotated[
        list[str] | None, typer.Option("--system", help="Only these systems of the run.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where results go. Default: RUN/mitigate.")
    ] = None,
    output_format: TextOrJson = "text",
) -> None:
    """Propose the cheapest set of mitigations that brings the findings of a run within what is accepted.

    Every candidate is measured alone, the promising together, and the chosen set again on other people and
    other requests. Exit code 1 where a finding is left that nothing brings within. Goes on after Ctrl-C.
    """
    from forwhom.errors import unknown
    from forwhom.reports.finished import read_run
    from forwhom.reports.proposals import as_data, targets_of, told
    from forwhom.reports.summaries import asked_again
    from forwhom.reports.wording import printable
    from forwhom.results.files import write_text
    from forwhom.studies.proposing import propose
    from forwhom.studies.runner import InterruptedStudyError
    from forwhom.studies.study import Study

    finished = read_run(run)
    study = Study.model_validate(finished.provenance["study"])
    bare: dict[str, Any] = {
        "mitigations": (),
        "systems": tuple(one for one in study.systems if one.protection is None),
    }
    if tolerance is not None:
        bare["tolerance"] = tolerance
    study = study.model_copy(update=bare)
    targets = targets_of(finished.findings)
    for name in system or ():
        if name not in targets:
            raise unknown("system with a finding in this run", name, targets, where="--system")
    targets = {name: found for name, found in targets.items() if not system or name in system}
    console = open_console(stderr=output_format == "json")
    folder = out or run / "mitigate"
    try:
        with LiveProgress(console, "cells") as progress:
            found = propose(study, targets, folder, budget, progress, lambda said: console.print(said))
    except InterruptedStudyError:
        console.print(
            f"\nStopped. What is finished is kept in {folder}; the same command goes on from there."
        )
        raise typer.Exit(130) from None
    dumped = [as_data(one) for one in found]
    write_text(folder / "proposals.json", json.dumps(dumped, indent=2, ensure_ascii=False) + "\n")
    if output_format == "json":
        typer.echo(json.dumps({"proposals": dumped}))
    else:
        for one in found:
            console.print()
            for line in told(one, asked_again(study), study.tolerance, budget):
                console.print(printable(line), soft_wrap=True)
        console.print(f"\nAll numbers: {(folder / 'proposals.json').resolve()}", style="dim", soft_wrap=True)
    if not all(one.meets for one in found):
        raise typer.Exit(1)
