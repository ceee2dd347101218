"""`forwhom users`: who is in a study, and what a system is shown of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from forwhom.cli.console import open_console
from forwhom.errors import unknown
from forwhom.users.attributes import catalogue
from forwhom.users.files import load_users
from forwhom.users.population import builtin_population, generate_population
from forwhom.users.representations import REPRESENTATIONS, render


def users(
    user_id: Annotated[str | None, typer.Argument(help="Show one user in all representations.")] = None,
    attributes: Annotated[bool, typer.Option("--attributes", help="List attributes and levels.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="Users from YAML or JSONL.")] = None,
    generate: Annotated[int | None, typer.Option("--generate", min=2, help="Make N users.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of --generate.")] = 1,
    output_format: Annotated[Literal["text", "json", "jsonl"], typer.Option("--format")] = "text",
) -> None:
    """List the population, one user, or the attributes."""
    console = open_console()
    if attributes:
        table = Table("attribute", "sensitivity", "levels", box=None)
        for domain in catalogue().values():
            levels = ", ".join(level.value for level in domain.levels)
            table.add_row(domain.domain, domain.sensitivity, levels)
        console.print(table)
        return
    people = load_users(file) if file else (
        generate_population(generate, seed) if generate else builtin_population())  # fmt: skip
    if user_id:
        ids = [user.id for user in people]
        people = tuple(user for user in people if user.id == user_id)
        if not people:
            raise unknown("user", user_id, ids)
    if output_format == "json":
        typer.echo(json.dumps([user.model_dump(mode="json") for user in people], indent=2))
    elif output_format == "jsonl":
        for user in people:
            typer.echo(user.model_dump_json())
    elif user_id:
        for representation in REPRESENTATIONS:
            console.rule(representation)
            console.print(render(people[0], representation))
    else:
        table = Table("id", "name", "what is known", box=None)
        for user in people:
            known = "; ".join(a.statement.rstrip(".") for a in user.attributes if a.statement)
            table.add_row(user.id, user.name, known)
        console.print(table)
        console.print("neutral: a user of whom nothing is known is part of every study.", style="dim")
