"""`forwhom taxonomy`: what can go wrong, for whom, how it is measured and what helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.padding import Padding
from rich.table import Table

from forwhom.cli.console import open_console

if TYPE_CHECKING:
    from rich.console import Console

    from forwhom.taxonomy.catalogue import Taxonomy
    from forwhom.taxonomy.coverage import Coverage
    from forwhom.taxonomy.sheet import Sheet

Format = Literal["text", "json", "markdown"]


def taxonomy(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A class, risk, mitigation, source, or entry of a framework."),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="json is for scripts.")] = "text",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Which risks a running probe measures.")
    ] = False,
) -> None:
    """Browse risks, their probes, what helps, and the literature.

    With an ID, all about it, or with --coverage the risks that it concerns.
    """
    from forwhom.probes.probe import probe_names
    from forwhom.taxonomy.catalogue import taxonomy as the_taxonomy
    from forwhom.taxonomy.coverage import coverage as covered
    from forwhom.taxonomy.page import coverage_markdown, entry_markdown, page
    from forwhom.taxonomy.sheet import sheet

    known, running, console = the_taxonomy(), probe_names(), open_console()
    entry = known.find(name) if name else None
    if coverage:
        rows = covered(known, running)
        if entry:
            concerned = {risk.id for risk in known.risks_of(entry.id)}
            rows = [row for row in rows if row.id in concerned]
            rows = [row for row in rows if row.paradigm == entry.id] if entry.id in known.classes else rows
        if output_format == "json":
            typer.echo(json.dumps([_without_empty_why(row) for row in rows], indent=2))
        elif output_format == "markdown":
            typer.echo(coverage_markdown(rows))
        else:
            _print_coverage(console, rows)
    elif output_format == "json":
        typer.echo(json.dumps(_as_data(known, name), indent=2, ensure_ascii=False))
    elif output_format == "markdown":
        typer.echo(entry_markdown(known, entry, running) if entry else page(known, running), nl=bool(entry))
    elif entry:
        _print_sheet(console, sheet(known, entry, running))
    else:
        _print_tree(console, known, running)


def _without_empty_why(row: Coverage) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude=set() if row.why else {"why"})


def _as_data(known: Taxonomy, name: str | None) -> dict[str, Any]:
    """One entry with its kind and the risks that it concerns; without a name everything, by kind."""
    sections = {
        "class": known.classes,
        "risk": known.risks,
        "mitigation": known.mitigations,
        "source": known.sources,
        "standard": known.standards,
    }
    if name is None:
        return {
            {"class": "classes"}.get(kind, f"{kind}s"): [one.model_dump(mode="json") for one in held.values()]
            for kind, held in sections.items()
        }
    entry = known.find(name)
    kind = next(kind for kind, held in sections.items() if entry.id in held)
    concerned = [risk.id for risk in known.risks_of(entry.id) if risk.id != entry.id]
    return {
        "entry": kind,
        **entry.model_dump(mode="json"),
        **({"risks": concerned} if kind != "risk" else {}),
    }


def _print_tree(console: Console, known: Taxonomy, running: list[str]) -> None:
    """Classes, and below each the risks that no earlier one has shown."""
    shown: set[str] = set()
    for one in known.classes.values():
        risks = known.risks_of(one.id)
        earlier = [risk.id for risk in risks if risk.id in shown]
        console.print(f"{one.id}", style="bold", end="")
        console.print(f"  {one.title} ({', '.join(one.stages)})", style="dim")
        for risk in risks:
            if risk.id in shown:
                continue
            shown.add(risk.id)
            measured = [name for name in risk.probes if name in running]
            console.print(Padding(f"{risk.id}: {risk.title}", (0, 0, 0, 2), expand=False))
            by = f"measured by {', '.join(measured)}" if measured else "no probe"
            console.print(Padding(by, (0, 0, 0, 4), expand=False), style="dim" if measured else "yellow")
        if earlier:
            console.print(
                Padding(f"as every representation: {', '.join(earlier)}", (0, 0, 0, 2), expand=False),
                style="dim",
            )
        console.print()
    console.print(
        f"{len(known.risks)} risks, {len(known.mitigations)} mitigations, {len(known.sources)} sources. "
        "All about one: forwhom taxonomy ID. What is measured: forwhom taxonomy --coverage."
    )


def _print_sheet(console: Console, one: Sheet) -> None:
    console.print(one.title, style="bold")
    console.print(f"{one.id} ({one.kind})\n", style="dim")
    if one.body:
        console.print(f"{one.body}\n")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for label, lines in one.rows:
        for place, line in enumerate(lines):
            text = f"{line.ref}  {line.text}" if line.ref else line.text
            table.add_row("" if place else label, text)
    console.print(table)


def _print_coverage(console: Console, rows: list[Coverage]) -> None:
    from forwhom.taxonomy.coverage import counted

    table = Table("class", "risk", "measured by", box=None)
    previous = ""
    for row in rows:
        told = ", ".join(row.probes) or f"none. {row.why}"
        table.add_row(
            "" if row.paradigm == previous else row.paradigm, row.id, told,
            style="" if row.probes else "yellow",
        )  # fmt: skip
        previous = row.paradigm
    console.print(table)
    console.print(f"\n{counted(rows)}")
