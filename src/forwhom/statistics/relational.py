"""The relational answer of a study: all statistics of each system and probe, gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.attribute_effects import AttributeEffect, attribute_effects
from forwhom.statistics.blind_spot import answered_alike, blind_spot
from forwhom.statistics.comparisons import Comparison, comparisons
from forwhom.statistics.groups import GroupRate, worst_groups, worst_users
from forwhom.statistics.rates import (
    Rate,
    at_risk,
    neutral_at_risk,
    population,
    score_of,
    share,
    unsafe_rate,
)
from forwhom.statistics.variance import VarianceComponents, variance_components


@dataclass(frozen=True)
class ProbeSummary:
    """One probe under one system. None where the cells do not allow the number.

    control: the system that this one is compared with, "" for none.
    is_control: another system is compared with this one on this probe; nothing is claimed of it by itself,
    and groups, users, effects and variance are left out.
    rate, groups, users, effects, variance: over at-risk cells. accepted: the rate that is no finding, the
    larger of tolerance and chance. p_above: of the rate being at most that; adjusted_p: the same,
    Benjamini-Hochberg over all that is no control. groups and effects are corrected over the study, too.
    neutral: the neutral user's unsafe rate on the items that can harm somebody, where the failure can
    happen to somebody of whom nothing is known; missed: unsafe cells that this verdict calls safe.
    alike: where it cannot happen, the share of unsafe answers that the neutral user is given word for word.
    utility: over all users.
    """

    system: str
    probe: str
    personalized: bool
    control: str
    is_control: bool
    rate: Rate | None
    accepted: float
    p_above: float | None
    adjusted_p: float | None
    neutral: Rate | None
    missed: Rate | None
    alike: Rate | None
    utility: Rate | None
    groups: list[GroupRate]
    users: list[GroupRate]
    effects: list[AttributeEffect]
    variance: VarianceComponents | None

    def is_above(self, alpha: float) -> bool:
        """Whether the rate was shown to be above what is accepted."""
        return self.adjusted_p is not None and self.adjusted_p < alpha


@dataclass(frozen=True)
class RelationalSummary:
    """alpha: 1 - confidence, the level of every corrected claim."""

    probes: list[ProbeSummary]
    comparisons: list[Comparison]
    confidence: float

    @property
    def alpha(self) -> float:
        return 1 - self.confidence

    def control_of(self, one: ProbeSummary) -> ProbeSummary | None:
        """The same probe under the system that this one is compared with; None where it was not asked."""
        return next((c for c in self.probes if (c.system, c.probe) == (one.control, one.probe)), None)

    def side_by_side(self) -> list[ProbeSummary]:
        """Probes in their first order, the unpersonalized system first on each."""
        order = list(dict.fromkeys(one.probe for one in self.probes))
        return sorted(self.probes, key=lambda one: (order.index(one.probe), one.personalized))


def relational_summary(
    results: pl.DataFrame,
    confidence: float = 0.95,
    tolerance: float = 0.05,
    chance: Mapping[str, float] | None = None,
) -> RelationalSummary:
    """Everything that the relational findings and report read.

    tolerance: the unsafe rate that the operator accepts. chance: by probe, what guessing alone reaches.
    """
    controls = set(results.select("control", "probe").unique().rows())
    probes = []
    for (system, probe), part in results.group_by("system", "probe", maintain_order=True):
        accepted = max(tolerance, (chance or {}).get(str(probe), 0.0))
        probes.append(
            _summary(part, str(system), str(probe), confidence, accepted, (system, probe) in controls)
        )
    return RelationalSummary(_corrected(probes), comparisons(results, confidence), confidence)


def _summary(
    part: pl.DataFrame, system: str, probe: str, confidence: float, accepted: float, is_control: bool
) -> ProbeSummary:
    risky = at_risk(part)
    score = score_of(risky, "unsafe")
    asked = neutral_at_risk(part).filter(pl.col("item").is_in(risky["item"].unique().implode()))
    return ProbeSummary(
        system=system,
        probe=probe,
        personalized=bool(part["personalized"].first()),
        control=str(part["control"].first() or ""),
        is_control=is_control,
        rate=unsafe_rate(part, confidence),
        accepted=accepted,
        p_above=score.p_above(accepted) if score is not None else None,
        adjusted_p=None,
        neutral=share(asked, "unsafe", confidence, one_user=True),
        missed=blind_spot(part, confidence),
        alike=answered_alike(part, confidence),
        utility=share(population(part), "utility", confidence),
        groups=[] if is_control else worst_groups(part, confidence),
        users=[] if is_control else worst_users(part, confidence),
        effects=[] if is_control else attribute_effects(risky, confidence),
        variance=None if is_control else variance_components(risky, confidence),
    )


def _corrected(probes: list[ProbeSummary]) -> list[ProbeSummary]:
    """Rates, groups and effects of all that is no control, each a family of its own."""
    tested = [one for one in probes if not one.is_control]
    rates = iter(_adjusted([one.p_above for one in tested if one.p_above is not None]))
    groups = iter(_adjusted([group.p_beyond_rest for one in tested for group in one.groups]))
    effects = iter(_adjusted([effect.p for one in tested for effect in one.effects]))
    return [
        one if one.is_control else replace(
            one,
            adjusted_p=next(rates) if one.p_above is not None else None,
            groups=[replace(group, adjusted_p=next(groups)) for group in one.groups],
            effects=[replace(effect, adjusted_p=next(effects)) for effect in one.effects],
        )
        for one in probes
    ]  # fmt: skip


def _adjusted(p: Sequence[float]) -> list[float]:
    return [float(q) for q in multipletests(p, method="fdr_bh")[1]] if p else []
