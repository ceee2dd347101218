"""The HTML report: one file, no network, no script; everything that a model said is escaped."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from forwhom.reports.composition_view import composition_view
from forwhom.reports.evidence import title
from forwhom.reports.figures import (
    comparison_figure,
    differences_figure,
    groups_figure,
    risk_map,
    variance_figure,
)
from forwhom.reports.finding import Finding
from forwhom.reports.finished import FinishedRun
from forwhom.reports.longitudinal_view import longitudinal_view
from forwhom.reports.mitigation_view import mitigation_view
from forwhom.reports.mitigations import told_of
from forwhom.reports.paradigms import paradigm_blocks, told
from forwhom.reports.summaries import Summaries, answer, summarize
from forwhom.reports.wording import named, p_value, printable, rate, short, words_of
from forwhom.results.files import write_text
from forwhom.statistics.comparisons import Comparison
from forwhom.statistics.decision_study import decision_study
from forwhom.statistics.groups import GroupRate
from forwhom.statistics.relational import ProbeSummary, RelationalSummary
from forwhom.users.attributes import catalogue

_GROUPS_SHOWN = 14
_USERS_SHOWN = 5
_REASONS_SHOWN = 14


def write_report(run: FinishedRun, made: Summaries | None = None) -> Path:
    """Write report.html into the folder of a run; raises InputError on a full disk.

    made: the statistics of the run's results where they are at hand; else they are computed.
    """
    made = made or summarize(run.results, run.provenance)
    path = run.folder / "report.html"
    write_text(path, render_html(run.results, made, run.findings, run.provenance))
    return path


def render_html(
    results: pl.DataFrame,
    made: Summaries,
    findings: list[Finding],
    provenance: dict[str, Any],
) -> str:
    """The report as text."""
    summary, composition = made.relational, made.compositional
    environment = Environment(
        loader=PackageLoader("forwhom.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"rate": rate, "p_value": p_value, "title": title, "told": told, "named": named,
                               "advice": told_of}  # fmt: skip
    environment.filters |= filters
    style = files("forwhom.reports.templates").joinpath("style.css").read_text(encoding="utf-8")
    tolerance = float(provenance["study"]["tolerance"])
    top = answer(findings, made, words_of(provenance))
    risks = {str(probe): str(told.get("risk", "")) for probe, told in provenance["probes"].items()}
    lead = top.lead
    shown = made.last
    if lead is not None:
        shown = made.last.filter((pl.col("system") == lead.system) & (pl.col("probe") == lead.probe))
    ranked = _by_reason(summary, lead)
    by_reason = _shown(ranked)
    rated = [p for p in summary.probes if p.rate is not None]
    text = environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704 - our own file
        top=top,
        findings=findings,
        lead=lead,
        figures=_figures(shown, summary, lead, by_reason, composition is not None),
        precision=decision_study(lead.variance, confidence=summary.confidence)
        if lead is not None and lead.variance is not None
        else [],
        probes=summary.side_by_side(),
        paradigms=[] if composition else paradigm_blocks(made.last, summary),
        composition=composition_view(composition, risks) if composition else None,
        lives=longitudinal_view(results, made.longitudinal, provenance) if made.longitudinal else None,
        mitigations=mitigation_view(made.mitigations) if made.mitigations else None,
        usefulness=_usefulness(summary, lead),
        worst_users=[(one, _facts(shown, one.level)) for one in lead.users[:_USERS_SHOWN]] if lead else [],
        held=[p for p in rated if p.rate and p.rate.high <= p.accepted],
        open=[p for p in rated
              if not p.is_control and not p.is_above(summary.alpha) and p.rate and p.rate.high > p.accepted],
        # Of a study of factors what each layer adds stands in the effects.
        comparisons=[c for c in summary.comparisons
                     if c.family in ("system", "neutral", "utility") and composition is None],
        by_reason=by_reason,
        reasons=len(ranked),
        summary=summary,
        tolerance=tolerance,
        run=provenance,
        models=results["model"].unique(maintain_order=True).to_list(),
    )  # fmt: skip
    return printable(text)


def _worst_shown(lead: ProbeSummary) -> list[GroupRate]:
    """The groups worth a chart: those of ordinary levels are most of the population."""
    ordinary = _ordinary()
    return [one for one in lead.groups if (one.domain, one.level) not in ordinary][:_GROUPS_SHOWN]


def _ordinary() -> set[tuple[str, str]]:
    """Every attribute's ordinary level, such as "citizen", of which there is nothing to tell."""
    return {(d.domain, d.levels[0].value) for d in catalogue().values()}


def _by_reason(summary: RelationalSummary, lead: ProbeSummary | None) -> list[Comparison]:
    """The lead's comparisons by reason, worse first."""
    if lead is None:
        return []
    found = [c for c in summary.comparisons
             if (c.family, c.system, c.probe) == ("reason", lead.system, lead.probe)]  # fmt: skip
    return sorted(found, key=lambda c: -c.difference.estimate)


def _shown(ranked: list[Comparison]) -> list[Comparison]:
    """Of many those at both ends."""
    return ranked if len(ranked) <= _REASONS_SHOWN else ranked[: _REASONS_SHOWN - 4] + ranked[-4:]


def _usefulness(summary: RelationalSummary, lead: ProbeSummary | None) -> ProbeSummary | None:
    """What shows the usefulness of the lead's system: a probe of nothing else, or else one that is not
    just the mirror of a risk; on most cells."""
    if lead is None:
        return None
    own = [p for p in summary.probes if p.system == lead.system and p.utility is not None]
    apart = [p for p in own if p.rate is None or p.utility is None or p.utility.n_cells != p.rate.n_cells]
    return max(apart, key=lambda p: (p.rate is None, p.utility.n_cells if p.utility else 0), default=None)


def _facts(cells: pl.DataFrame, user: str) -> str:
    row = cells.filter(pl.col("user") == user).row(0, named=True)
    ordinary = _ordinary()
    told = [(name.removeprefix("user:"), level) for name, level in row.items()
            if name.startswith("user:") and level]  # fmt: skip
    return ", ".join(short(domain, level) for domain, level in told if (domain, level) not in ordinary)


def _figures(
    cells: pl.DataFrame,
    summary: RelationalSummary,
    lead: ProbeSummary | None,
    by_reason: list[Comparison],
    is_composed: bool = False,
) -> dict[str, Markup]:
    systems = [c for c in summary.comparisons if c.family == "system"] if not is_composed else []
    drawn = dict.fromkeys(("comparison", "reasons", "map", "groups", "variance"), "")
    if systems:
        drawn["comparison"] = comparison_figure(systems, summary.probes)
    if by_reason:
        drawn["reasons"] = differences_figure(by_reason)
    if lead is not None:
        drawn["map"] = risk_map(cells)
        groups = _worst_shown(lead)
        if groups:
            drawn["groups"] = groups_figure(
                groups, lead.rate.estimate if lead.rate is not None else None, lead.accepted
            )
        if lead.variance is not None:
            drawn["variance"] = variance_figure(lead.variance)
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 - text in it is escaped
