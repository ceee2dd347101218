"""What the report tells of a study of mitigations: what each removes and costs, as a picture and a table."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from forwhom.reports.mitigation_figure import pareto_figure
from forwhom.reports.wording import named, points, rate, short
from forwhom.statistics.joint_effects import JointEffect
from forwhom.statistics.mitigations import Effect, GroupChange, MitigationSummary, RiskChange

_GROUPS = 6


@dataclass(frozen=True)
class EffectRow:
    """One mitigation on one probe as text, in points. verdict: "helps", "backfires" or "not shown"."""

    mitigation: str
    probe: str
    before: str
    after: str
    change: str
    adjusted_p: float
    knowing: str
    verdict: str


@dataclass(frozen=True)
class SetRow:
    """A set of mitigations beside one part, as text. verdict: "cancels", "does more" or "not shown"."""

    mitigation: str
    probe: str
    together: str
    foreseen: str
    part: str
    alone: str
    change: str
    adjusted_p: float
    verdict: str


@dataclass(frozen=True)
class SystemBlock:
    """One system. picture: risk removed against usefulness lost. costs: of each mitigation, as text. groups:
    whom a mitigation helps less or harms, a sentence each. sets: those that are several, beside each part."""

    system: str
    picture: Markup
    rows: list[EffectRow]
    costs: list[tuple[str, str, str]]
    groups: list[str]
    sets: list[SetRow]


def mitigation_view(summary: MitigationSummary) -> list[SystemBlock]:
    """A block a system that was protected, in the order of the study."""
    systems = list(dict.fromkeys(one.system for one in summary.effects))
    return [_block(name, summary) for name in systems]


def _block(system: str, summary: MitigationSummary) -> SystemBlock:
    own = [one for one in summary.effects if one.system == system and not one.known]
    rows = [_row(one, risk, summary) for one in own for risk in one.risks]
    rows.sort(key=lambda row: row.probe)
    costs = [
        (one.mitigation, _cost(one), rate(one.lost) if one.lost else "–") for one in own
    ]  # fmt: skip
    groups = [told for one in own for told in _groups(one, summary)]
    sets = [_set_row(one, summary.alpha) for one in summary.together if one.system == system]
    picture = Markup(pareto_figure(own))  # noqa: S704 - escaped
    return SystemBlock(system, picture, rows, costs, groups, sets)


def _set_row(one: JointEffect, alpha: float) -> SetRow:
    verdict = "cancels" if one.cancels(alpha) else "does more" if one.adds(alpha) else "not shown"
    return SetRow(
        one.mitigation, one.probe, rate(one.together), "–" if one.foreseen is None else f"{one.foreseen:.0%}",
        one.part, rate(one.alone), points(one.change), one.adjusted_p, verdict,
    )  # fmt: skip


def _row(one: Effect, risk: RiskChange, summary: MitigationSummary) -> EffectRow:
    knowing = summary.effect(one.system, one.mitigation, known=True)
    known = knowing.risk(risk.probe) if knowing else None
    verdict = (
        "helps" if risk.helps(summary.alpha) else "backfires" if risk.harms(summary.alpha) else "not shown"
    )
    told = rate(known.after) if known else "–"
    return EffectRow(
        one.mitigation, risk.probe, rate(risk.before), rate(risk.after), points(risk.change), risk.adjusted_p,
        told, verdict,
    )  # fmt: skip


def _cost(one: Effect) -> str:
    if one.usefulness is None:
        return "not seen"
    told = points(one.usefulness)
    return told if one.usefulness.estimate < 0 else f"+{told}"


def _groups(one: Effect, summary: MitigationSummary) -> list[str]:
    """Whom it was shown to harm, then who is helped least of those that are told apart."""
    harmed = [g for g in one.groups if g.adjusted_p < summary.alpha and g.change.estimate > 0]
    told = [f"{one.mitigation} makes it worse for {_whom(g)}: {points(g.change)}" for g in harmed[:_GROUPS]]
    left = sorted(
        (g for g in one.groups if g.after.low > 0.5), key=lambda g: -g.after.low
    )  # fmt: skip
    if left:
        whom = "; ".join(f"{_whom(g)} ({rate(g.after)})" for g in left[:_GROUPS])
        told.append(f"with {one.mitigation} most answers stay unsafe for {whom}")
    return told


def _whom(group: GroupChange) -> str:
    return f"{short(group.domain, group.level)} on {named(group.probe)}"
