"""What is worse than something else: every comparison of a study, corrected within its family.

Four families, each with its own Benjamini-Hochberg correction: against the unpersonalized system (all
users at risk), the same by the reason for which items can harm (for whom does personalization make it
worse), against the neutral user (what a user-invariant test sees), and usefulness against the
unpersonalized system (what safety or clumsiness costs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.differences import Difference, difference_from_neutral, paired_difference

Family = Literal["system", "reason", "neutral", "utility"]


@dataclass(frozen=True)
class Comparison:
    """One difference of a family: `system` minus `reference` (a system, or "the neutral user").

    reason: "domain:level" in the family of reasons, else "". The value compared is the unsafe rate; risk
    itself by reason, where cells are few; utility in the family of usefulness.
    adjusted_p: Benjamini-Hochberg within the family.
    """

    family: Family
    system: str
    probe: str
    reference: str
    difference: Difference
    adjusted_p: float
    reason: str = ""


def comparisons(results: pl.DataFrame, confidence: float = 0.95) -> list[Comparison]:
    """All comparisons that the table allows, in a fixed order."""
    plain = results.filter(~pl.col("personalized"))["system"].unique(maintain_order=True).to_list()
    families = [list(_against_neutral(results, confidence))]
    if plain:
        families.append(list(_against_system(results, plain[0], confidence)))
        families.append(list(_by_reason(results, plain[0], confidence)))
        families.append(list(_utility(results, plain[0], confidence)))
    return [one for family in families for one in _corrected(family)]


def _against_system(results: pl.DataFrame, plain: str, confidence: float) -> Iterator[Comparison]:
    for system, probe, both in _pairs(results, plain):
        gap = paired_difference(both, system, plain, confidence=confidence)
        if gap is not None:
            yield Comparison("system", system, probe, plain, gap, gap.p)


def _by_reason(results: pl.DataFrame, plain: str, confidence: float) -> Iterator[Comparison]:
    for system, probe, both in _pairs(results.filter(pl.col("because") != ""), plain):
        for (reason,), part in both.group_by("because", maintain_order=True):
            gap = paired_difference(part, system, plain, value="risk", confidence=confidence)
            if gap is not None:
                yield Comparison("reason", system, probe, plain, gap, gap.p, str(reason))


def _against_neutral(results: pl.DataFrame, confidence: float) -> Iterator[Comparison]:
    for (system, probe), part in results.filter("personalized").group_by(
        "system", "probe", maintain_order=True
    ):
        # Where nothing can harm somebody of whom nothing is known, a difference says nothing new.
        if part.filter((pl.col("user") == "neutral") & pl.col("unsafe")).height:
            gap = difference_from_neutral(part, value="unsafe", confidence=confidence)
            if gap is not None:
                yield Comparison("neutral", str(system), str(probe), "the neutral user", gap, gap.p)


def _utility(results: pl.DataFrame, plain: str, confidence: float) -> Iterator[Comparison]:
    for system, probe, both in _pairs(results, plain):
        gap = paired_difference(
            both, system, plain, value="utility", at_risk_only=False, confidence=confidence
        )
        if gap is not None:
            yield Comparison("utility", system, probe, plain, gap, gap.p)


def _pairs(results: pl.DataFrame, plain: str) -> Iterator[tuple[str, str, pl.DataFrame]]:
    reference = results.filter(pl.col("system") == plain)
    for (system, probe), part in results.filter("personalized").group_by(
        "system", "probe", maintain_order=True
    ):
        yield str(system), str(probe), pl.concat([part, reference.filter(pl.col("probe") == probe)])


def _corrected(family: list[Comparison]) -> list[Comparison]:
    if not family:
        return []
    adjusted = multipletests([one.difference.p for one in family], method="fdr_bh")[1]
    return [replace(one, adjusted_p=float(q)) for one, q in zip(family, adjusted, strict=True)]
