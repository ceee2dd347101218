"""`forwhom plan`: what a study would cost and could see, before anything is asked."""

from __future__ import annotations

import json
from math import isfinite
from typing import Annotated

import typer
from rich.table import Table

from forwhom.cli.composition_plan import print_composition
from forwhom.cli.console import open_console
from forwhom.cli.options import (
    DatasetSpec,
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
    study_from,
)
from forwhom.cli.protecting import Protect, protected
from forwhom.errors import InputError
from forwhom.studies.study import SUITE


def plan(
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
    price: Annotated[
        str | None,
        typer.Option(
            "--price",
            metavar="IN:OUT",
            help="Dollars for a million tokens read and written, as 0.5:1.5, to say what it costs.",
        ),
    ] = None,
    output_format: TextOrJson = "text",
) -> None:
    """Say how many calls, tokens, minutes and dollars a study takes, and the smallest effect it can see.

    Of a study of factors also which effects of layers it can tell, and from which others it cannot.
    """
    from forwhom.studies.plan import plan_study
    from forwhom.studies.prepared import prepare

    dollars = _prices(price) if price else None
    wanted = study_from(
        study, suite, model, limit, seed, users, dataset, system, model_base_url, model_header
    )
    planned = plan_study(prepare(protected(wanted, protect) if protect else wanted))
    if output_format == "json":
        cost = {"dollars": round(planned.cost(*dollars), 4)} if dollars else {}
        typer.echo(json.dumps(planned.model_dump() | cost, indent=2))
        return
    console = open_console()
    table = Table(
        "system", "probe", "cells", "at risk", "users", "rate seen to within", "smallest difference seen",
        box=None,
    )  # fmt: skip
    # Every system of a study of factors is asked the same: the first stands for all.
    first = planned.rows[0].system if planned.rows else ""
    for row in (one for one in planned.rows if planned.together is None or one.system == first):
        table.add_row(
            row.system if planned.together is None else "each system",
            row.probe, str(row.cells), str(row.at_risk), str(row.users),
            f"± {row.half_width:.0%}" if row.half_width is not None else "-",
            f"{100 * row.smallest:.0f} points" if row.smallest is not None else "-",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"\n{planned.cells} cells, {planned.calls} model calls, "
        + (f"{planned.fits} fits of users' weights, " if planned.fits else "")
        + f"about {planned.tokens:,} tokens"
        + (f", about {max(planned.minutes, 0.1):.1f} minutes on two cores" if planned.minutes else "")
        + (f", about ${planned.cost(*dollars):,.2f}." if dollars else ".")
    )
    for left_out in planned.skipped:
        console.print(
            f"Skipped: {left_out['cells']} cells of {left_out['probe']} with {left_out['system']}: "
            f"{left_out['why']}"
        )  # fmt: skip
    if planned.together is not None:
        # As if a cell that the search asks cost as much as one of the design.
        more = planned.together.further / max(planned.cells, 1)
        print_composition(
            console, planned.together,
            planned.minutes * more if planned.minutes else None,
            planned.cost(*dollars) * more if dollars else None,
        )  # fmt: skip
    console.print(planned.note, style="dim")


def _prices(told: str) -> tuple[float, float]:
    try:
        read, written = (float(one) for one in told.split(":"))
    except ValueError:
        read = written = -1.0
    if not (isfinite(read) and isfinite(written) and min(read, written) >= 0):
        raise InputError(f"--price: expected two amounts in dollars, as 0.5:1.5; found '{told}'.")
    return read, written
