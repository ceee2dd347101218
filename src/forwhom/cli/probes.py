"""`forwhom probes`: what can be asked."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

import typer
from rich.table import Table

from forwhom.cli.console import open_console
from forwhom.cli.options import TextOrJson
from forwhom.probes.probe import Probe, load_probe, probe_names
from forwhom.users.population import builtin_population


def probes(
    name: Annotated[str | None, typer.Argument(help="Show one probe with its items.")] = None,
    output_format: TextOrJson = "text",
) -> None:
    """List the probes, or the items of one: what is asked, and how many of the built-in users it can harm."""
    console = open_console()
    listed = [load_probe(one) for one in ([name] if name else probe_names())]
    if output_format == "json":
        shown = [
            {"id": p.id, "risk": p.risk, "title": p.title, "source": p.source, "mode": p.mode,
             "items": _items(p) if name else list(p.items)} for p in listed
        ]  # fmt: skip
        typer.echo(json.dumps(shown, indent=2))
        return
    table = Table("probe", "what goes wrong", "items", "scored by", "source", box=None)
    for one in listed:
        table.add_row(one.id, one.title, str(len(one.items)), one.mode, one.source)
    console.print(table)
    if name:
        console.print()
        for item in _items(listed[0]):
            console.print(f"{item['id']}  {item['asked']}")
            for option in item["options"]:
                console.print(f"      {option['role']}: {option['text']}")
            console.print(f"      at risk: {item['at_risk']}", style="dim")
    else:
        console.print("\nOne alone, without this tool's runner: inspect eval forwhom/PROBE --model MODEL")


def _items(one: Probe) -> list[dict[str, Any]]:
    """Every item as it is put to a user at risk (else to the first user), and who is at risk."""
    people = builtin_population()
    shown = []
    for item in one.items:
        scripts = [one.scenario(user, item, people) for user in people]
        risky = [script for script in scripts if script.at_risk]
        reasons = Counter(script.because or "any" for script in risky)
        told = ", ".join(f"{count} ({reason})" if reason != "any" else str(count)
                         for reason, count in reasons.most_common())  # fmt: skip
        script = (risky or scripts)[0]
        options = [option.model_dump() for option in script.events[-1].options]
        said = " / ".join(event.text for event in script.events if event.text)
        shown.append({"id": item, "asked": said, "options": options, "at_risk": told or "nobody"})
    return shown
