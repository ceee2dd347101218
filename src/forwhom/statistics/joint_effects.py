"""Mitigations that act together, beside each of them alone: do they cancel?

A set is compared with every part, not with the best one: which part is best is told by the same noise, and a
set no worse than its parts would seem worse than the luckiest of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.choosing import foresee_rate
from forwhom.statistics.differences import Difference, paired_difference
from forwhom.statistics.rates import Rate, unsafe_rate


@dataclass(frozen=True)
class Parts:
    """Of a set those of its mitigations that are also asked alone, by name. is_whole: whether that is all."""

    names: tuple[str, ...]
    is_whole: bool


@dataclass(frozen=True)
class Protective:
    """What one mitigation, or a set, did to one system. name: of the protected system. before, after: unsafe
    rates by probe on the same cells; helps: the probes whose risk it was shown to lower."""

    name: str
    mitigation: str
    before: Mapping[str, float]
    after: Mapping[str, float]
    helps: frozenset[str]


@dataclass(frozen=True)
class JointEffect:
    """A set on one system and probe, beside one of its parts. name, part_name: of the protected systems.

    together, alone: the unsafe rates of the set and of the part, on all cells of each. foreseen: what the set
    would leave if each part left its share of the risk whatever the others do; None where not every part was
    measured alone, or there was no risk. change: of the unsafe rate, set minus part on the same cells;
    positive: the part does better without the rest. adjusted_p: Benjamini-Hochberg over all sets, parts and
    probes. part_helps: whether the part was shown to lower this risk.
    """

    system: str
    mitigation: str
    part: str
    probe: str
    name: str
    part_name: str
    together: Rate
    alone: Rate
    foreseen: float | None
    change: Difference
    adjusted_p: float
    part_helps: bool

    def cancels(self, alpha: float) -> bool:
        """Whether the rest of the set was shown to undo some of what the part was shown to do."""
        return self.part_helps and self.adjusted_p < alpha and self.change.estimate > 0

    def adds(self, alpha: float) -> bool:
        """Whether the rest of the set was shown to remove more."""
        return self.adjusted_p < alpha and self.change.estimate < 0


def joint_effects(
    results: pl.DataFrame,
    measured: Mapping[str, Sequence[Protective]],
    parts: Mapping[str, Parts],
    confidence: float,
) -> tuple[JointEffect, ...]:
    """measured: by the name of a system, all that protects it. parts: by the name of a set."""
    found = [
        one
        for system, own in measured.items()
        for whole in own
        if whole.mitigation in parts
        for one in _of_set(results, system, whole, own, parts[whole.mitigation], confidence)
    ]
    if not found:
        return ()
    adjusted = multipletests([one.adjusted_p for one in found], method="fdr_bh")[1]
    return tuple(replace(one, adjusted_p=float(p)) for one, p in zip(found, adjusted, strict=True))


def _of_set(
    results: pl.DataFrame,
    system: str,
    whole: Protective,
    own: Sequence[Protective],
    parts: Parts,
    confidence: float,
) -> Iterator[JointEffect]:
    for probe in whole.after:
        cells = results.filter(pl.col("probe") == probe)
        alone = [one for one in own if one.mitigation in parts.names and probe in one.after]
        is_whole = parts.is_whole and len(alone) == len(parts.names)
        shares = [one.after[probe] / one.before[probe] for one in alone if one.before[probe]]
        foreseen = None
        if is_whole and whole.before[probe] and len(shares) == len(alone):
            foreseen = min(1.0, foresee_rate(whole.before[probe], shares))
        for part in alone:
            change = paired_difference(cells, whole.name, part.name, confidence=confidence)
            together, apart = (
                unsafe_rate(cells.filter(pl.col("system") == one.name), confidence) for one in (whole, part)
            )
            if change is not None and together is not None and apart is not None:
                yield JointEffect(
                    system, whole.mitigation, part.mitigation, probe, whole.name, part.name, together, apart,
                    foreseen, change, change.p, probe in part.helps,
                )  # fmt: skip
