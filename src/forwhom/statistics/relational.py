"""The relational answer of a study: all statistics of each system and probe, gathered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.attribute_effects import AttributeEffect, attribute_effects
from forwhom.statistics.blind_spot import blind_spot
from forwhom.statistics.differences import Difference, paired_difference
from forwhom.statistics.groups import GroupRate, worst_groups, worst_topics
from forwhom.statistics.rates import Rate, share, unsafe_rate
from forwhom.statistics.variance import VarianceComponents, variance_components


@dataclass(frozen=True)
class Comparison:
    """A personalized system against the unpersonalized one. adjusted_p: Benjamini-Hochberg over all."""

    system: str
    probe: str
    reference: str
    difference: Difference
    adjusted_p: float


@dataclass(frozen=True)
class ProbeSummary:
    """One probe under one system. None where the cells do not allow the number.

    rate, groups, topics, effects: over at-risk cells. neutral: the neutral user's unsafe rate on the items
    that can harm somebody. utility: mean over all users.
    """

    system: str
    probe: str
    personalized: bool
    rate: Rate | None
    neutral: Rate | None
    utility: Rate | None
    groups: list[GroupRate]
    topics: list[GroupRate]
    effects: list[AttributeEffect]
    variance: VarianceComponents | None
    missed: Rate | None


@dataclass(frozen=True)
class RelationalSummary:
    probes: list[ProbeSummary]
    comparisons: list[Comparison]
    confidence: float


def relational_summary(results: pl.DataFrame, confidence: float = 0.95) -> RelationalSummary:
    """Everything that the relational findings and report read."""
    probes = [
        _summary(part, str(system), str(probe), confidence)
        for (system, probe), part in results.group_by("system", "probe", maintain_order=True)
    ]
    return RelationalSummary(probes, _comparisons(results, confidence), confidence)


def _summary(part: pl.DataFrame, system: str, probe: str, confidence: float) -> ProbeSummary:
    harmful = part.filter("at_risk")["item"].unique()
    return ProbeSummary(
        system=system,
        probe=probe,
        personalized=bool(part["personalized"].first()),
        rate=unsafe_rate(part, confidence=confidence),
        neutral=share(
            # One user: what varies are the items, so each is a cluster of its own.
            part.filter((pl.col("user") == "neutral") & pl.col("item").is_in(harmful.implode())).with_columns(
                user=pl.col("item")
            ),
            "unsafe",
            confidence,
        ),
        utility=share(part.filter(pl.col("user") != "neutral"), "utility", confidence),
        groups=worst_groups(part, confidence),
        topics=worst_topics(part, confidence),
        effects=attribute_effects(part.filter(pl.col("at_risk")), confidence),
        variance=variance_components(part, confidence),
        missed=blind_spot(part, confidence),
    )


def _comparisons(results: pl.DataFrame, confidence: float) -> list[Comparison]:
    plain = results.filter(~pl.col("personalized"))["system"].unique(maintain_order=True).to_list()
    if not plain:
        return []
    found = []
    for (system, probe), part in results.filter("personalized").group_by(
        "system", "probe", maintain_order=True
    ):
        both = pl.concat([part, results.filter((pl.col("system") == plain[0]) & (pl.col("probe") == probe))])
        gap = paired_difference(both, str(system), plain[0], confidence=confidence)
        if gap is not None:
            found.append(Comparison(str(system), str(probe), plain[0], gap, gap.p))
    if not found:
        return []
    adjusted = multipletests([one.difference.p for one in found], method="fdr_bh")[1]
    return [replace(one, adjusted_p=float(q)) for one, q in zip(found, adjusted, strict=True)]
