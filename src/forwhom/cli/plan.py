"""`forwhom plan`: what a study would cost and could see, before anything is asked."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from forwhom.cli.console import open_console
from forwhom.cli.options import (
    DatasetSpec,
    Limit,
    ModelName,
    Seed,
    StudyFile,
    SuiteName,
    TextOrJson,
    UsersFile,
    study_from,
)
from forwhom.studies.study import SUITE


def plan(
    study: StudyFile = None,
    suite: SuiteName = SUITE,
    model: ModelName = None,
    limit: Limit = None,
    seed: Seed = None,
    users: UsersFile = None,
    dataset: DatasetSpec = None,
    output_format: TextOrJson = "text",
) -> None:
    """Say how many calls, tokens and minutes a study takes, and the smallest effect it can see."""
    from forwhom.studies.plan import plan_study
    from forwhom.studies.prepared import prepare

    planned = plan_study(prepare(study_from(study, suite, model, limit, seed, users, dataset)))
    if output_format == "json":
        typer.echo(json.dumps(planned.model_dump(), indent=2))
        return
    console = open_console()
    table = Table(
        "system", "probe", "cells", "at risk", "users", "rate seen to within", "smallest difference seen",
        box=None,
    )  # fmt: skip
    for row in planned.rows:
        table.add_row(
            row.system, row.probe, str(row.cells), str(row.at_risk), str(row.users),
            f"± {row.half_width:.0%}" if row.half_width is not None else "-",
            f"{100 * row.smallest:.0f} points" if row.smallest is not None else "-",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"\n{planned.cells} cells, {planned.calls} model calls, "
        + (f"{planned.fits} fits of users' weights, " if planned.fits else "")
        + f"about {planned.tokens:,} tokens"
        + (f", about {max(planned.minutes, 0.1):.1f} minutes on two cores." if planned.minutes else ".")
    )
    for left_out in planned.skipped:
        console.print(
            f"Skipped: {left_out['cells']} cells of {left_out['probe']} with {left_out['system']}: "
            f"{left_out['why']}"
        )  # fmt: skip
    console.print(planned.note, style="dim")
