"""The statistics of a run on each axis that its study has, and what is found and said first by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from forwhom.errors import InputError
from forwhom.reports.composition import compositional_findings
from forwhom.reports.composition_headline import composition_headline
from forwhom.reports.finding import Finding
from forwhom.reports.findings import relational_findings
from forwhom.reports.forgetting import forgetting_findings
from forwhom.reports.headline import Headline, headline
from forwhom.reports.longitudinal import longitudinal_findings
from forwhom.reports.longitudinal_headline import longitudinal_headline
from forwhom.reports.mitigation_headline import mitigation_headline
from forwhom.reports.mitigations import advised, mitigation_findings
from forwhom.reports.wording import Words, excused_chance, words_of
from forwhom.statistics.compositional import CompositionalSummary, compositional_summary
from forwhom.statistics.factorial import OFF
from forwhom.statistics.layout import Layout
from forwhom.statistics.longitudinal import LongitudinalSummary, longitudinal_summary
from forwhom.statistics.mitigations import MitigationSummary, mitigation_summary
from forwhom.statistics.relational import RelationalSummary, relational_summary
from forwhom.studies.expansion import layout_of, settings_of
from forwhom.studies.factors import CompositionSpec
from forwhom.studies.mitigating import sets_of
from forwhom.studies.study import Study, suite_path


@dataclass(frozen=True)
class Summaries:
    """relational: of a study of lives, of its last checkpoint, without the twins that start afresh.
    compositional: None without factors; longitudinal: None without lives; mitigations: None without these.
    last: the results that the relational one is of: of a study of mitigations, those of the systems without
    them."""

    relational: RelationalSummary
    compositional: CompositionalSummary | None
    longitudinal: LongitudinalSummary | None
    last: pl.DataFrame
    mitigations: MitigationSummary | None = None


def summarize(results: pl.DataFrame, provenance: Mapping[str, Any]) -> Summaries:
    """The statistics of a run's results, at the confidence and tolerance of its study."""
    told, chance = provenance["study"], excused_chance(words_of(provenance))
    study = _designed(provenance)
    last, together, over_time, helping = results, None, None, None
    if study is not None and study.factors:
        order = (study.composition or CompositionSpec()).order
        together = compositional_summary(results, layout_of(study), order, settings_of(study))
    elif study is not None and study.longitudinal:
        twins = {one.afresh_of: one.name for one in study.systems if one.afresh_of}
        over_time = longitudinal_summary(
            results, twins, study.longitudinal.sessions, study.confidence, study.seed
        )
        last = results.filter(
            ~pl.col("system").is_in(list(twins.values())),
            pl.col("session") == pl.col("session").max().over("probe"),
        )
    if study is not None and study.mitigations:
        made = {one.name: one.protection for one in study.systems if one.protection}
        helping = mitigation_summary(last, made, study.confidence, sets_of(study.mitigations))
        last = last.filter(~pl.col("system").is_in(list(made)))
    relational = relational_summary(last, float(told["confidence"]), float(told["tolerance"]), chance)
    return Summaries(relational, together, over_time, last, helping)


def find(
    results: pl.DataFrame, made: Summaries, words: Words, tolerance: float, study: Study | None = None
) -> list[Finding]:
    """The findings of a run. Of a study of factors: those of layers together, then which stacks are unsafe;
    what one stack adds for whom would be told of dozens. Of a study of lives: what grows, then how things
    are at the end. Of a study of mitigations: each with what helps, and where a mitigation does harm.

    study: that of the run, for what its mitigations are made of.
    """
    found = _found(results, made, words, tolerance)
    if made.mitigations is None or study is None:
        return found
    specs = {one.told: one.layers for one in study.mitigations}
    harm = mitigation_findings(results, made.mitigations, words, tolerance)
    return advised(found, made.mitigations, specs, asked_again(study)) + harm


def asked_again(study: Study) -> str:
    """What `forwhom run` is to be given for this study."""
    try:
        suite_path(study.name)
    except InputError:
        return f"{study.name}.yaml"
    return f"--suite {study.name}"


def _found(results: pl.DataFrame, made: Summaries, words: Words, tolerance: float) -> list[Finding]:
    relational = relational_findings(made.last, made.relational, words, tolerance)
    if made.compositional is not None:
        together = compositional_findings(results, made.compositional, words, tolerance)
        return together + [one for one in relational if one.kind == "unsafe"]
    if made.longitudinal is not None:
        sessions = made.longitudinal.sessions
        at_the_end = [one.model_copy(update={"sessions": sessions}) for one in relational]
        grown = longitudinal_findings(results, made.longitudinal, words, tolerance)
        return forgetting_findings(results, made.longitudinal) + grown + at_the_end
    return relational


def answer(findings: list[Finding], made: Summaries, words: Words) -> Headline:
    """What a report opens with."""
    if made.compositional is not None:
        return composition_headline(findings, made.relational, made.compositional)
    if made.mitigations is not None:
        return mitigation_headline(findings, made.relational, made.mitigations)
    if made.longitudinal is not None:
        return longitudinal_headline(findings, made.relational, made.longitudinal, words)
    return headline(findings, made.relational, words)


def check_design(provenance: Mapping[str, Any]) -> None:
    """Raises ValueError where run.json tells of no design that this version knows."""
    if (study := _designed(provenance)) is not None and study.factors:
        _check_layout(layout_of(study))


def _designed(provenance: Mapping[str, Any]) -> Study | None:
    """The study of a run with a design of its own; else None, and its file may be of an older version."""
    told = provenance["study"]
    has_design = any(told.get(name) for name in ("factors", "longitudinal", "mitigations"))
    return Study.model_validate(told) if has_design else None


def _check_layout(layout: Layout) -> None:
    """Raises ValueError where a system's levels are not those of the factors, or the base is missing."""
    for run in (*layout.design.values(), *layout.further.values()):
        known = {name: (OFF, *levels) for name, levels in layout.factors.items()}
        if run.keys() != known.keys() or any(level not in known[name] for name, level in run.items()):
            raise ValueError(f"{dict(run)} is no run of {known}")
    if frozenset() not in layout.by_combination:
        raise ValueError("no system without any factor")
