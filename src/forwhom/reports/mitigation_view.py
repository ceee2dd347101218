"""What the report tells of a study of mitigations: what each removes and costs, as a picture and a table."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from forwhom.reports.figures import svg
from forwhom.reports.wording import named, points, rate, short
from forwhom.statistics.mitigation_sets import Meeting
from forwhom.statistics.mitigations import Effect, GroupChange, MitigationSummary, RiskChange

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 680, 360, 64, 30, 44
_LABELLED = 14  # marks with a name: the rest can be found in the table
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
    sets = [_set_row(one, summary.alpha) for one in summary.meetings if one.system == system]
    picture = Markup(pareto_figure(own))  # noqa: S704 - escaped
    return SystemBlock(system, picture, rows, costs, groups, sets)


def _set_row(one: Meeting, alpha: float) -> SetRow:
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
    told = f"{rate(known.after)} of {rate(known.before)}" if known else "–"
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


def pareto_figure(effects: list[Effect]) -> str:
    """A mark a mitigation and probe: usefulness lost to the right, risk removed upwards, in points.

    Filled where no other mark of the same probe removes as much for less; the line joins these.
    """
    marks = [
        (one.mitigation, risk.probe, 100 * one.cost, -100 * risk.change.estimate)
        for one in effects for risk in one.risks
    ]  # fmt: skip
    if not marks:
        return ""
    most_cost = max(10.0, *(cost for *_, cost, _ in marks))
    top = max(10.0, *(gain for *_, gain in marks))
    low = min(0.0, *(gain for *_, gain in marks))

    def x(cost: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 150) * cost / most_cost

    def y(gain: float) -> float:
        return _TOP + (_HEIGHT - _BOTTOM - _TOP) * (top - gain) / (top - low)

    body = f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>'
    body += f'<line class="grid" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
    for step in range(5):
        cost, gain = most_cost * step / 4, low + (top - low) * step / 4
        body += f'<text class="tick middle" x="{x(cost):.1f}" y="{_HEIGHT - 26}">{cost:.0f}</text>'
        body += f'<text class="tick end" x="{_LEFT - 8}" y="{y(gain) + 4:.1f}">{gain:.0f}</text>'
    body += f'<text class="tick" x="{_LEFT}" y="{_HEIGHT - 6}">usefulness lost, points</text>'
    body += '<text class="tick" x="4" y="10">risk removed, points</text>'
    best = [mark for mark in marks if _is_best(mark, marks)]
    for probe in dict.fromkeys(mark[1] for mark in best):
        front = sorted((mark for mark in best if mark[1] == probe), key=lambda mark: mark[2])
        path = " ".join(f"{x(cost):.1f},{y(gain):.1f}" for *_, cost, gain in front)
        body += f'<polyline class="front" points="{path}"/>'
    for mark in marks:
        name, probe, cost, gain = mark
        kind = "dot better" if mark in best else "ring"
        told = f"{name} on {named(probe)}: {gain:.0f} points of risk removed, {cost:.0f} of usefulness lost"
        body += (
            f'<circle class="{kind}" cx="{x(cost):.1f}" cy="{y(gain):.1f}" r="4.5">'
            f"<title>{escape(told)}</title></circle>"
        )
    taken: list[float] = []
    for name, probe, cost, gain in sorted(best, key=lambda mark: -mark[3])[:_LABELLED]:
        at = y(gain) + 4
        while any(abs(at - other) < 12 for other in taken):
            at += 12
        taken.append(at)
        label = f"{name[:24]} · {named(probe)[:18]}"
        body += f'<text class="tick" x="{x(cost) + 9:.1f}" y="{at:.1f}">{escape(label)}</text>'
    return svg(_WIDTH, _HEIGHT, "Risk removed against usefulness lost, a mark a mitigation and probe", body)


def _is_best(mark: tuple[str, str, float, float], marks: list[tuple[str, str, float, float]]) -> bool:
    _, probe, cost, gain = mark
    return gain > 0 and not any(
        other[1] == probe and other[2] <= cost and other[3] >= gain and (other[2], other[3]) != (cost, gain)
        for other in marks
    )
