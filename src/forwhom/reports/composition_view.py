"""What the report tells of a study of factors: a block a probe, and how the systems were chosen."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from forwhom.reports.composition import cures, quoted, rates_on, removals
from forwhom.reports.composition_figures import interaction_map, lattice, letters
from forwhom.reports.wording import named, short
from forwhom.statistics.combinations import Emergence
from forwhom.statistics.compositional import CompositionalSummary, OrderEffect
from forwhom.statistics.emergence import Emergent
from forwhom.statistics.interactions import Effect
from forwhom.statistics.rates import Rate
from forwhom.statistics.score_interval import FEWEST
from forwhom.taxonomy.catalogue import taxonomy

_KNOWN = 3


@dataclass(frozen=True)
class EffectRow:
    """One effect as text, in points and log-odds; check: the mixed model's."""

    name: str
    points: str
    adjusted_p: float
    odds: str
    check: str
    aliases: str


@dataclass(frozen=True)
class ClaimView:
    """One emergent combination. left: by layer, the rate without it; cures: protective layers that help;
    known: mitigations of the risk that were not measured."""

    names: str
    left: list[tuple[str, Rate]]
    cures: list[tuple[str, Rate]]
    known: list[str]


@dataclass(frozen=True)
class ProbeBlock:
    """One probe. map, lattice: SVG. agreement: of the two models, in a sentence."""

    probe: str
    map: Markup
    lattice: Markup
    tolerance: float
    aliased: bool
    claims: list[ClaimView]
    open: list[str]
    contradictions: list[str]
    powerless: str
    rows: list[EffectRow]
    agreement: str
    groups: list[str]


@dataclass(frozen=True)
class CompositionView:
    """design: how the systems were chosen, in a paragraph."""

    design: str
    letters: dict[str, str]
    blocks: list[ProbeBlock]
    orders: list[OrderEffect]


def composition_view(summary: CompositionalSummary, risks: dict[str, str]) -> CompositionView:
    """risks: by probe, the risk that it measures."""
    return CompositionView(
        _design(summary),
        letters(summary),
        [_block(one, summary, risks.get(one.probe, "")) for one in summary.emergence if not one.group],
        summary.orders,
    )


def _design(summary: CompositionalSummary) -> str:
    layout, design = summary.layout, summary.design
    clear = sum(1 for term in design.terms if design.is_clear(term))
    told = (
        f"{len(layout.factors)} factors, {len(layout.design)} of their {layout.possible} possible "
        "combinations as the design"
        + (f", {len(layout.further)} more that the search asked for" if layout.further else "")
        + f". {len(design.terms)} effects are estimated, {clear} of them told apart from all of the next "
        + "order"
    )
    if design.lost:
        told += f"; {len(design.lost)} cannot be estimated, since other effects determine them"
    return " ".join([f"{told}.", *(_unsettled(probe, summary) for probe in summary.unsettled)])


def _unsettled(probe: str, summary: CompositionalSummary) -> str:
    """Why a probe has no effects."""
    asked = rates_on(probe, summary)  # of systems whose users a request can harm there
    if not asked:
        return f"On {named(probe)} no request can harm the users who were asked: no effects there."
    if lacking := sum(system not in asked for system in summary.layout.design):
        return f"{lacking} of the design's systems were not asked {named(probe)}: no effects there."
    return (
        f"On {named(probe)} fewer than {FEWEST} users or {FEWEST} items have an answer of every system of "
        "the design: no effects there."
    )


def _block(one: Emergence, summary: CompositionalSummary, risk: str) -> ProbeBlock:
    own = [effect for effect in summary.effects if effect.probe == one.probe]
    whole = [effect for effect in own if not effect.group]
    layout, probe = summary.layout, one.probe
    return ProbeBlock(
        probe=probe,
        map=Markup(interaction_map(summary, one.probe) if whole else ""),  # noqa: S704 - text in it is escaped
        lattice=Markup(lattice(one, summary)),  # noqa: S704
        tolerance=one.tolerance,
        aliased=any(effect.aliases for effect in whole),
        claims=[_claim(one, claim, summary, risk) for claim in one.claims],
        open=[layout.name(layers) for layers in one.open],
        contradictions=[
            f"{layout.name(unsafe)} is unsafe and {layout.name(safe)} safe"
            for unsafe, safe in one.contradictions[:3]
        ],
        powerless=one.powerless,
        rows=[_row(effect, summary) for effect in whole],
        agreement=_agreement(whole, summary),
        groups=[_group(it, summary) for it in summary.shown() if it.group and it.probe == probe]
        + [_emergent_group(other, summary) for other in summary.emergence
           if other.probe == one.probe and other.group and other.claims],
    )  # fmt: skip


def _claim(one: Emergence, claim: Emergent, summary: CompositionalSummary, risk: str) -> ClaimView:
    names = quoted(name for name in summary.layout.parts if name in claim.layers)
    known = taxonomy().risks[risk].mitigations if risk in taxonomy().risks else ()
    titles = [taxonomy().mitigations[name].title.lower() for name in known[:_KNOWN]]
    layout, rates = summary.layout, rates_on(one.probe, summary)
    return ClaimView(
        f"{names} {'together' if len(claim.layers) > 1 else 'alone'}",
        removals(layout, rates, claim.layers), cures(layout, one, rates, claim.layers), titles,
    )  # fmt: skip


def _row(effect: Effect, summary: CompositionalSummary) -> EffectRow:
    check = summary.check(effect.probe, effect.term)
    odds = effect.odds
    return EffectRow(
        summary.layout.written(effect.term),
        _interval(100 * effect.risk.estimate, 100 * effect.risk.low, 100 * effect.risk.high, 0),
        effect.adjusted_p,
        _interval(odds.estimate, odds.low, odds.high, 1),
        _interval(*check, 1) if check else "–",
        ", ".join(summary.layout.written(alias.term) for alias in effect.aliases) or "–",
    )  # fmt: skip


def _agreement(effects: list[Effect], summary: CompositionalSummary) -> str:
    """How many of the shown effects the mixed model finds, too."""
    shown = [one for one in effects if one.adjusted_p < summary.alpha]
    if not shown:
        return ""
    same = 0
    for one in shown:
        check = summary.check(one.probe, one.term)
        same += check is not None and (check[1] > 0) == (one.risk.estimate > 0) and check[1] * check[2] > 0
    return f"Of the {len(shown)} effects shown in points it finds {same} in the same direction."


def _group(effect: Effect, summary: CompositionalSummary) -> str:
    group = short(*effect.group.partition(":")[::2])
    points = _interval(100 * effect.risk.estimate, 100 * effect.risk.low, 100 * effect.risk.high, 0)
    return f"{group}, {summary.layout.written(effect.term)} {points}"


def _emergent_group(one: Emergence, summary: CompositionalSummary) -> str:
    names = "; ".join(quoted(n for n in summary.layout.parts if n in claim.layers) for claim in one.claims)
    return f"{short(*one.group.partition(':')[::2])}, emergent: {names}"


def _interval(estimate: float, low: float, high: float, digits: int) -> str:
    """A dash where there is none: answers that all agree say nothing of the odds."""
    if not (isfinite(estimate) and isfinite(low) and isfinite(high)):
        return "–"
    return f"{estimate:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"
