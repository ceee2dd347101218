"""`forwhom mitigations`: what can be put around a system to protect it."""

from __future__ import annotations

import json
from inspect import getdoc
from typing import Annotated

import typer
from rich.table import Table

from forwhom.cli.console import open_console
from forwhom.cli.options import TextOrJson
from forwhom.errors import unknown


def mitigations(
    name: Annotated[str | None, typer.Argument(help="Show one with its knobs.")] = None,
    output_format: TextOrJson = "text",
) -> None:
    """List the mitigations: where each acts, what it protects, and which risks it claims to reduce."""
    from forwhom.studies.candidates import mitigation_types

    kinds = {kind.name: kind for kind in mitigation_types()}
    if name and name not in kinds:
        raise unknown("mitigation", name, kinds, hint="List them with: forwhom mitigations")
    shown = [kinds[name]] if name else list(kinds.values())
    if output_format == "json":
        told = [
            {"name": kind.name, "stages": list(kind.stages), "of": list(kind.of),
             "reduces": list(kind.reduces),
             "stops_adversaries": kind.stops_adversaries, "entry": kind.entry, "source": kind.source,
             "knobs": {knob: repr(field.default) for knob, field in kind.model_fields.items()}}
            for kind in shown
        ]  # fmt: skip
        typer.echo(json.dumps(told, indent=2))
        return
    console = open_console()
    table = Table("mitigation", "stage", "protects", "claims to reduce", "source", box=None)
    for kind in shown:
        table.add_row(
            kind.name, ", ".join(kind.stages), ", ".join(kind.of) or "anything", ", ".join(kind.reduces),
            kind.source,
        )  # fmt: skip
    console.print(table)
    if name:
        console.print(f"\n{getdoc(kinds[name]) or ''}\n")
        for knob, field in kinds[name].model_fields.items():
            console.print(f"  {knob}: {field.default!r}", highlight=False)
    else:
        console.print("\nOn a system of a study: forwhom run --protect SYSTEM=MITIGATION")
