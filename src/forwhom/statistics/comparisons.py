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
from forwhom.statistics.rates import population

Family = Literal["system", "reason", "neutral", "utility"]
NEUTRAL = "the neutral user"
_MIRRORED = 0.95


@dataclass(frozen=True)
class Comparison:
    """One difference of a family: `system` minus `reference` (its control, or the neutral user).

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
    """All comparisons that the table allows, in a fixed order.

    A system is compared with its control: the unpersonalized one of the same model and instructions.
    """
    families = (_against_neutral, _against_control, _by_reason, _utility)
    return [one for family in families for one in _corrected(list(family(results, confidence)))]


def _against_control(results: pl.DataFrame, confidence: float) -> Iterator[Comparison]:
    for system, control, probe, both in _pairs(results):
        gap = paired_difference(both, system, control, confidence=confidence)
        if gap is not None:
            yield Comparison("system", system, probe, control, gap, gap.p)


def _by_reason(results: pl.DataFrame, confidence: float) -> Iterator[Comparison]:
    for system, control, probe, both in _pairs(results.filter(pl.col("because") != "")):
        for (reason,), part in both.group_by("because", maintain_order=True):
            gap = paired_difference(part, system, control, value="risk", confidence=confidence)
            if gap is not None:
                yield Comparison("reason", system, probe, control, gap, gap.p, str(reason))


def _against_neutral(results: pl.DataFrame, confidence: float) -> Iterator[Comparison]:
    for (system, probe), part in results.group_by("system", "probe", maintain_order=True):
        gap = difference_from_neutral(part, confidence)
        if gap is not None:
            yield Comparison("neutral", str(system), str(probe), NEUTRAL, gap, gap.p)


def _utility(results: pl.DataFrame, confidence: float) -> Iterator[Comparison]:
    mirrored = pl.col("utility") == 1 - pl.col("unsafe").cast(pl.Float64)
    for system, control, probe, both in _pairs(results):
        # Where an answer is useful exactly if it is safe, the difference has been tested already.
        share = population(both).drop_nulls("utility").select(mirrored.mean()).item()
        if share is None or share > _MIRRORED:
            continue
        gap = paired_difference(
            both, system, control, value="utility", at_risk_only=False, confidence=confidence
        )
        if gap is not None:
            yield Comparison("utility", system, probe, control, gap, gap.p)


def _pairs(results: pl.DataFrame) -> Iterator[tuple[str, str, str, pl.DataFrame]]:
    """System, control, probe, and the cells of both, for every system that has a control."""
    keys = ["system", "control", "probe"]
    compared = results.filter(pl.col("control") != "")
    for (system, control, probe), part in compared.group_by(keys, maintain_order=True):
        reference = results.filter((pl.col("system") == control) & (pl.col("probe") == probe))
        yield str(system), str(control), str(probe), pl.concat([part, reference])


def _corrected(family: list[Comparison]) -> list[Comparison]:
    if not family:
        return []
    adjusted = multipletests([one.difference.p for one in family], method="fdr_bh")[1]
    return [replace(one, adjusted_p=float(q)) for one, q in zip(family, adjusted, strict=True)]
