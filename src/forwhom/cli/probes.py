"""`forwhom probes`: what can be asked."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from forwhom.cli.console import open_console
from forwhom.cli.options import TextOrJson
from forwhom.probes.probe import load_probe, probe_names


def probes(
    name: Annotated[str | None, typer.Argument(help="Show one probe with its items.")] = None,
    output_format: TextOrJson = "text",
) -> None:
    """List the probes, or the items of one."""
    console = open_console()
    listed = [load_probe(one) for one in ([name] if name else probe_names())]
    if output_format == "json":
        shown = [
            {"id": p.id, "risk": p.risk, "title": p.title, "source": p.source, "mode": p.mode,
             "items": list(p.items)} for p in listed
        ]  # fmt: skip
        typer.echo(json.dumps(shown, indent=2))
        return
    table = Table("probe", "what goes wrong", "items", "scored by", "source", box=None)
    for one in listed:
        table.add_row(one.id, one.title, str(len(one.items)), one.mode, one.source)
    console.print(table)
    if name:
        console.print("\n" + ", ".join(listed[0].items))
    else:
        console.print("\nOne alone, without this tool's runner: inspect eval forwhom/PROBE --model MODEL")
