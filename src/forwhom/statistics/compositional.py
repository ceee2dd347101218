"""The compositional answer of a study: what layers do alone, together, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.combinations import Emergence, emergence
from forwhom.statistics.decidable import Settings
from forwhom.statistics.differences import Difference, paired_difference
from forwhom.statistics.factorial import Estimable, Term, estimable
from forwhom.statistics.interactions import Effect, effects
from forwhom.statistics.layout import Layout
from forwhom.statistics.mixed_model import MixedModel, mixed_model
from forwhom.statistics.rates import Rate, unsafe_rate


@dataclass(frozen=True)
class OrderEffect:
    """What the same layers do the other way round: unsafe rate of `system` minus that of `usual`, on the
    same cells. adjusted_p: Benjamini-Hochberg over all orders and probes."""

    probe: str
    system: str
    usual: str
    difference: Difference
    adjusted_p: float


@dataclass(frozen=True)
class CompositionalSummary:
    """effects: on every probe that all systems of the design were asked; those of groups have one.
    unsettled: probes without effects. rates: by probe and system.
    """

    layout: Layout
    design: Estimable
    confidence: float
    effects: list[Effect]
    checks: list[MixedModel]
    orders: list[OrderEffect]
    emergence: list[Emergence]
    rates: dict[tuple[str, str], Rate]
    unsettled: list[str]

    @property
    def alpha(self) -> float:
        return 1 - self.confidence

    def shown(self) -> list[Effect]:
        """Effects that differ from none after correction."""
        return [one for one in self.effects if one.adjusted_p < self.alpha]

    def check(self, probe: str, term: Term) -> tuple[float, float, float] | None:
        """The mixed model's log-odds of an effect with its interval."""
        for one in self.checks:
            if one.probe == probe and term in one.odds:
                scale = one.odds[term]
                return scale.estimate, scale.low, scale.high
        return None


def compositional_summary(
    results: pl.DataFrame, layout: Layout, order: int, settings: Settings
) -> CompositionalSummary:
    """Everything that the compositional findings and report read. order: of the interactions."""
    confidence = 1 - settings.level
    design = estimable(layout.table, order, can_be=layout.can_be)
    systems = list(layout.design)
    found = effects(results, systems, design, confidence=confidence, by_group=True, seed=settings.seed)
    probes = list(dict.fromkeys(str(one) for one in results["probe"]))
    told = list(dict.fromkeys(one.probe for one in found if not one.group))
    rates = {
        (str(probe), str(system)): rate
        for (probe, system), part in results.group_by("probe", "system", maintain_order=True)
        if (rate := unsafe_rate(part, confidence)) is not None
    }
    return CompositionalSummary(
        layout, design, confidence, found,
        [mixed_model(results, probe, layout.table, systems, design, confidence) for probe in told],
        _orders(results, layout, confidence), emergence(results, layout, settings), rates,
        [probe for probe in probes if probe not in told],
    )  # fmt: skip


def _orders(results: pl.DataFrame, layout: Layout, confidence: float) -> list[OrderEffect]:
    found = []
    for (probe,), cells in results.group_by("probe", maintain_order=True):
        for system, usual in layout.reversed.items():
            gap = paired_difference(cells, system, usual, confidence=confidence)
            if gap is not None:
                found.append(OrderEffect(str(probe), system, usual, gap, gap.p))
    if not found:
        return []
    adjusted = multipletests([one.difference.p for one in found], method="fdr_bh")[1]
    return [replace(one, adjusted_p=float(q)) for one, q in zip(found, adjusted, strict=True)]
