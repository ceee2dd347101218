"""A finished run, read back from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from forwhom.errors import InputError
from forwhom.reports.composition import compositional_findings
from forwhom.reports.composition_headline import composition_headline
from forwhom.reports.finding import Finding
from forwhom.reports.findings import relational_findings
from forwhom.reports.headline import Headline, headline
from forwhom.reports.wording import Words, excused_chance, words_of
from forwhom.statistics.compositional import CompositionalSummary, compositional_summary
from forwhom.statistics.factorial import OFF
from forwhom.statistics.layout import Layout
from forwhom.statistics.relational import RelationalSummary, relational_summary
from forwhom.studies.expansion import layout_of, settings_of
from forwhom.studies.factors import CompositionSpec
from forwhom.studies.study import Study

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


def summarize(results: pl.DataFrame, provenance: Mapping[str, Any]) -> RelationalSummary:
    """The statistics of a run's results, at the confidence and tolerance of its study."""
    study, chance = provenance["study"], excused_chance(words_of(provenance))
    return relational_summary(results, float(study["confidence"]), float(study["tolerance"]), chance)


def compose(results: pl.DataFrame, provenance: Mapping[str, Any]) -> CompositionalSummary | None:
    """What layers do together, where the study has factors; else None."""
    study = _factorial(provenance)
    if study is None:
        return None
    order = (study.composition or CompositionSpec()).order
    return compositional_summary(results, layout_of(study), order, settings_of(study))


def _factorial(provenance: Mapping[str, Any]) -> Study | None:
    """The study of a run where it has factors; else None, and its file may be of an older version."""
    told = provenance["study"]
    return Study.model_validate(told) if told.get("factors") else None


def _check_layout(layout: Layout) -> None:
    """Raises ValueError where a system's levels are not those of the factors, or the base is missing."""
    for run in (*layout.design.values(), *layout.further.values()):
        known = {name: (OFF, *levels) for name, levels in layout.factors.items()}
        if run.keys() != known.keys() or any(level not in known[name] for name, level in run.items()):
            raise ValueError(f"{dict(run)} is no run of {known}")
    if frozenset() not in layout.by_combination:
        raise ValueError("no system without any factor")


def find(
    results: pl.DataFrame,
    summary: RelationalSummary,
    composition: CompositionalSummary | None,
    words: Words,
    tolerance: float,
) -> list[Finding]:
    """The findings of a run. Of a study of factors: those of layers together, then which stacks are unsafe;
    what one stack adds for whom would be told of dozens."""
    relational = relational_findings(results, summary, words, tolerance)
    if composition is None:
        return relational
    together = compositional_findings(results, composition, words, tolerance)
    return together + [one for one in relational if one.kind == "unsafe"]


def answer(
    findings: list[Finding],
    summary: RelationalSummary,
    composition: CompositionalSummary | None,
    words: Words,
) -> Headline:
    """What a report opens with."""
    if composition is None:
        return headline(findings, summary, words)
    return composition_headline(findings, summary, composition)


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
        if (study := _factorial(provenance)) is not None:
            _check_layout(layout_of(study))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f"{folder / 'run.json'}: of another version of forwhom; {again}") from None
    if "control" not in results.columns:
        raise InputError(f"{folder / 'results.parquet'}: of another version of forwhom; {again}")
    return FinishedRun(folder, results, findings, provenance)
