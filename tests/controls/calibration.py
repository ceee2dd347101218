"""How often an interval holds the truth, and how often a claim is a false alarm, over simulated studies.

Each function simulates `studies` studies of one design and one truth, and counts. `make calibrate` runs
them all and writes docs/calibration.md; the tests run a few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.attribute_effects import attribute_effects
from forwhom.statistics.blind_spot import blind_spot
from forwhom.statistics.comparisons import comparisons
from forwhom.statistics.differences import paired_difference
from forwhom.statistics.groups import worst_groups, worst_users
from forwhom.statistics.rates import at_risk, score_of, unsafe_rate
from forwhom.statistics.variance import variance_components
from tests.controls.oracle import Truth, answered, drawn_effects, mean_of

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Counted:
    """hits of `studies`: intervals that hold the truth, or claims where nothing is to be claimed."""

    measure: str
    design: str
    truth: str
    hits: int
    studies: int

    @property
    def share(self) -> float:
        return self.hits / self.studies if self.studies else float("nan")


def rate_coverage(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """The unsafe rate's interval."""
    hits = 0
    for table in answers(design, truth, studies):
        rate = unsafe_rate(table)
        assert rate is not None
        hits += rate.low <= truth.rate <= rate.high
    return Counted("unsafe rate", name, str(truth), hits, studies)


def above_alarms(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """Claims that a rate is above a tolerance which it just meets."""
    hits = 0
    for table in answers(design, truth, studies):
        score = score_of(at_risk(table), "unsafe")
        assert score is not None
        hits += score.p_above(truth.rate) < 1 - CONFIDENCE
    return Counted("rate above tolerance", name, str(truth), hits, studies)


def group_coverage(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """All groups' intervals at once."""
    hits = sum(
        all(g.rate.low <= truth.rate <= g.rate.high for g in worst_groups(table))
        for table in answers(design, truth, studies)
    )
    return Counted("all groups at once", name, str(truth), hits, studies)


def user_coverage(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """All users' intervals at once; a user's true rate is their own, over all items."""
    rng = np.random.default_rng(2)
    names = design["user"].unique().sort().to_list()
    hits = 0
    for _ in range(studies):
        effects = drawn_effects(design, truth, rng)
        own = {user: mean_of(truth.intercept + u, truth.item_spread)
               for user, u in zip(names, effects[0], strict=True)}  # fmt: skip
        table = answered(design, truth, rng, effects=effects)
        hits += all(g.rate.low <= own[g.level] <= g.rate.high for g in worst_users(table))
    return Counted("all users at once", name, str(truth), hits, studies)


def effect_alarms(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """Studies in which any attribute is said to drive the risk although none does."""
    hits = sum(
        any(e.adjusted_p < 1 - CONFIDENCE for e in attribute_effects(at_risk(table), permutations=199))
        for table in answers(design, truth, studies)
    )
    return Counted("any attribute effect", name, str(truth), hits, studies)


def group_alarms(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """Studies in which any group is said to fare worse than the rest although users do not differ."""
    hits = 0
    for table in answers(design, truth, studies):
        p = [group.p_beyond_rest for group in worst_groups(table)]
        hits += bool(p) and bool(multipletests(p, alpha=1 - CONFIDENCE, method="fdr_bh")[0].any())
    return Counted("any group worse than the rest", name, str(truth), hits, studies)


def blind_spot_coverage(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """The interval of the share that the neutral verdict misses, where it can be formed."""
    seen = expit(truth.intercept + truth.item_spread * Truth.nodes()[0])
    unsafe = np.array([mean_of(truth.intercept + truth.item_spread * x, truth.user_spread)
                       for x in Truth.nodes()[0]])  # fmt: skip
    weights = Truth.nodes()[1]
    missed = float(weights @ (unsafe * (1 - seen))) / float(weights @ unsafe)
    formed = [blind_spot(table) for table in answers(design, truth, studies)]
    held = [rate.low <= missed <= rate.high for rate in formed if rate is not None]
    return Counted("blind spot", name, str(truth), sum(held), len(held))


def variance_coverage(name: str, design: pl.DataFrame, truth: Truth, studies: int) -> Counted:
    """The interval of the share of variance that a user-invariant score cannot see, where formed."""
    formed = [variance_components(at_risk(table)) for table in answers(design, truth, studies)]
    held = [v.low <= truth.share_invisible <= v.high for v in formed if v is not None]
    return Counted("share of variance", name, str(truth), sum(held), len(held))


def difference_coverage(
    name: str, design: pl.DataFrame, truth: Truth, studies: int, shift: float = 0.0, slope: float = 0.0
) -> Counted:
    """The paired difference's interval; shift: of the personalized system's logit; slope: its spread
    between items."""
    true = mean_of(truth.intercept + shift, float(np.hypot(truth.spread, slope))) - truth.rate
    hits = 0
    for table in two_systems(design, truth, studies, shift, slope):
        gap = paired_difference(table, str(design["system"][0]), "unpersonalized")
        assert gap is not None
        hits += gap.low <= true <= gap.high
    label = f"{truth}, shift {shift:g}, slope {slope:g}"
    return Counted("paired difference", name, label, hits, studies)


def comparison_alarms(
    name: str, design: pl.DataFrame, truth: Truth, studies: int, family: str, probes: int = 1
) -> Counted:
    """Studies in which any comparison of a family is significant although the systems are alike.

    probes: so many in one study, each of the design, corrected together.

    Items react to personalization either way, with mean 0 at a rate of one half.
    """
    hits = formed = 0
    simulated = two_systems(design, truth, studies * probes, slope=0.5)
    for _ in range(studies):
        tables = [next(simulated).with_columns(probe=pl.lit(f"probe{number}")) for number in range(probes)]
        own = [c.adjusted_p for c in comparisons(pl.concat(tables)) if c.family == family]
        formed += bool(own)
        hits += any(p < 1 - CONFIDENCE for p in own)
    several = f", {probes} probes" if probes > 1 else ""
    return Counted(f"any worse, by {family}", name, f"{truth}{several}", hits, formed)


def two_systems(
    design: pl.DataFrame, truth: Truth, studies: int, shift: float = 0.0, slope: float = 0.0
) -> Iterator[pl.DataFrame]:
    """The design under two systems with the same users and items."""
    rng = np.random.default_rng(1)
    plain = design.with_columns(
        system=pl.lit("unpersonalized"), personalized=pl.lit(False), control=pl.lit("")
    )
    design = design.with_columns(control=pl.lit("unpersonalized"))
    items = np.unique(design["item"].to_numpy(), return_inverse=True)[1]
    for _ in range(studies):
        effects = drawn_effects(design, truth, rng)
        change = shift + rng.normal(0, slope, items.max() + 1)[items]
        yield pl.concat([
            answered(design, truth, rng, change, effects),
            answered(plain, truth, rng, 0.0, effects),
        ])  # fmt: skip


def answers(design: pl.DataFrame, truth: Truth, studies: int) -> Iterator[pl.DataFrame]:
    rng = np.random.default_rng(0)
    for _ in range(studies):
        yield answered(design, truth, rng)
