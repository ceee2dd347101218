"""The HTML report: one file, no network, no script; everything that a model said is escaped."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from forwhom.errors import InputError
from forwhom.reports.figures import comparison_figure, groups_figure, risk_map, variance_figure
from forwhom.reports.finding import Finding
from forwhom.reports.terminal import headline
from forwhom.reports.wording import rate
from forwhom.statistics.decision_study import decision_study
from forwhom.statistics.groups import GroupRate
from forwhom.statistics.relational import ProbeSummary, RelationalSummary, relational_summary
from forwhom.users.attributes import catalogue


def write_report(run: Path, summary: RelationalSummary | None = None) -> Path:
    """Write report.html into the folder of a run; raises InputError naming a file that it lacks.

    summary: that of the run's results where it is at hand; else it is computed from results.parquet.
    """
    for name in ("results.parquet", "findings.json", "run.json"):
        if not (run / name).is_file():
            raise InputError(f"{run / name}: not there; finish the run first with: forwhom run --out {run}")
    results = pl.read_parquet(run / "results.parquet")
    provenance = json.loads((run / "run.json").read_text(encoding="utf-8"))
    listed = json.loads((run / "findings.json").read_text(encoding="utf-8"))
    findings = [Finding.model_validate(one) for one in listed]
    if summary is None:
        summary = relational_summary(results, float(provenance["study"]["confidence"]))
    path = run / "report.html"
    partial = path.with_suffix(".partial")
    partial.write_text(render_html(results, summary, findings, provenance), encoding="utf-8")
    partial.replace(path)
    return path


def render_html(
    results: pl.DataFrame,
    summary: RelationalSummary,
    findings: list[Finding],
    provenance: dict[str, Any],
) -> str:
    """The report as text."""
    environment = Environment(
        loader=PackageLoader("forwhom.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["rate"] = rate
    style = files("forwhom.reports.templates").joinpath("style.css").read_text(encoding="utf-8")
    tolerance = float(provenance["study"]["tolerance"])
    lead = _lead(summary, findings)
    shown = results
    if lead is not None:
        shown = results.filter((pl.col("system") == lead.system) & (pl.col("probe") == lead.probe))
    return environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704 - our own file
        headline=headline(findings, summary, tolerance),
        findings=findings,
        lead=lead,
        figures=_figures(shown, summary, lead),
        precision=decision_study(lead.variance, confidence=summary.confidence)
        if lead is not None and lead.variance is not None
        else [],
        probes=summary.probes,
        held=[p for p in summary.probes if p.rate is not None and p.rate.high <= tolerance],
        open=[p for p in summary.probes
              if p.rate is not None and p.rate.low <= tolerance < p.rate.high],
        comparisons=summary.comparisons,
        confidence=summary.confidence,
        tolerance=tolerance,
        run=provenance,
    )  # fmt: skip


def _lead(summary: RelationalSummary, findings: list[Finding]) -> ProbeSummary | None:
    """The probe and system that the pictures are about: the one of the worst finding of a rate."""
    known = {(p.system, p.probe): p for p in summary.probes if p.rate is not None}
    rated = [f for f in findings if f.kind == "unsafe" and (f.system, f.probe) in known]
    if rated:
        worst = max(rated, key=lambda f: f.low - _neutral(known[f.system, f.probe]))
        return known[worst.system, worst.probe]
    return next((p for p in known.values() if p.personalized), next(iter(known.values()), None))


def worst_shown(lead: ProbeSummary, most: int = 12) -> list[GroupRate]:
    """The groups worth a chart: by what endangers them where items differ in that, else by attribute.

    An attribute's ordinary level ("citizen") is most of the population and no group of its own.
    """
    if len(lead.topics) > 3:
        return lead.topics[:most]
    ordinary = {(d.domain, d.levels[0].value) for d in catalogue().values()}
    return [one for one in lead.groups if (one.domain, one.level) not in ordinary][:most]


def _neutral(probe: ProbeSummary) -> float:
    return probe.neutral.estimate if probe.neutral is not None else 0.0


def _figures(cells: pl.DataFrame, summary: RelationalSummary, lead: ProbeSummary | None) -> dict[str, Markup]:
    drawn = {"comparison": comparison_figure(summary.comparisons, summary.probes)}
    if lead is not None:
        drawn["map"] = risk_map(cells)
        reference = lead.rate.estimate if lead.rate is not None else None
        groups = worst_shown(lead)
        if groups:
            drawn["groups"] = groups_figure(groups, reference)
        if lead.variance is not None:
            drawn["variance"] = variance_figure(lead.variance)
    return {name: Markup(svg) for name, svg in drawn.items() if svg}  # noqa: S704 - text in it is escaped
