"""A finished run, read back from its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from forwhom.errors import InputError
from forwhom.reports.finding import Finding
from forwhom.reports.summaries import check_design
from forwhom.reports.wording import words_of

_AGAIN = "run the study again with: forwhom run ... --out {run} (finished cells are not asked again)"


@dataclass(frozen=True)
class FinishedRun:
    """folder: of the run. provenance: what run.json holds."""

    folder: Path
    results: pl.DataFrame
    findings: list[Finding]
    provenance: dict[str, Any]

    @property
    def measured(self) -> tuple[tuple[str, str], ...]:
        """Every system and probe of the run."""
        pairs = self.results.select("system", "probe").unique(maintain_order=True)
        return tuple((str(system), str(probe)) for system, probe in pairs.rows())


def read_run(folder: Path) -> FinishedRun:
    """Raises InputError naming the file that is missing or damaged, and what to do."""
    again = _AGAIN.format(run=folder)
    for name in ("findings.json", "results.parquet", "run.json"):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no {name} here. Name the folder of a finished run, or {again}")
    try:
        results = pl.read_parquet(folder / "results.parquet")
    except (pl.exceptions.PolarsError, OSError) as error:
        said = str(error).splitlines()[0]
        raise InputError(f"{folder / 'results.parquet'}: not a results table ({said}); {again}") from None
    try:
        text = (folder / "findings.json").read_text(encoding="utf-8")
        findings = TypeAdapter(list[Finding]).validate_json(text)
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        said = f"{field}: {first['msg']}" if field else first["msg"]
        raise InputError(f"{folder / 'findings.json'}: not a list of findings ({said}); {again}") from None
    except UnicodeDecodeError:
        raise InputError(f"{folder / 'findings.json'}: not a text in UTF-8; {again}") from None
    try:
        provenance = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{folder / 'run.json'}: not what a run wrote ({error}); {again}") from None
    try:
        words_of(provenance)
        provenance["study"]["confidence"], provenance["study"]["tolerance"], provenance["counts"]["skipped"]
        check_design(provenance)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f"{folder / 'run.json'}: of another version of forwhom; {again}") from None
    if "control" not in results.columns:
        raise InputError(f"{folder / 'results.parquet'}: of another version of forwhom; {again}")
    return FinishedRun(folder, results, findings, provenance)
