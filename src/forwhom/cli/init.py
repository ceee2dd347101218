"""`forwhom init`: write a commented study file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forwhom.errors import InputError
from forwhom.studies.study import SUITE, suite_path


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("study.yaml"),
) -> None:
    """Write a commented study file: the default study, ready to change."""
    if path.exists():
        raise InputError(f"{path}: exists already; name another file: forwhom init OTHER.yaml")
    try:
        path.write_text(suite_path(SUITE).read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}.") from None
    typer.echo(f"Wrote {path}. Check it with: forwhom plan {path}")
