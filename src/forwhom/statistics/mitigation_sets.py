"""Mitigations that act together, beside each of them alone: do they cancel?

A set is compared with every part, not with the best one: which part is best is told by the same noise, and a
set no worse than its parts would seem worse than the luckiest of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.choosing import Alone, foresee_rate
from forwhom.statistics.differences import Difference, paired_difference
from forwhom.statistics.rates import Rate, unsafe_rate


@dataclass(frozen=True)
class Member:
    """A protected system. name: of the system; mitigation: what protects it; rates: by probe, with it, and
    before: without it."""

    name: str
    mitigation: str
    rates: Mapping[str, float]
    before: Mapping[str, float]


@dataclass(frozen=True)
class Meeting:
    """A set on one system and probe, beside one of its parts. name, part_name: of the protected systems.

    together, alone: the unsafe rates of the set and of the part, on all cells of each. foreseen: what the set
    would leave if each part left its share of the risk whatever the others do; None where a part was not
    measured on this probe. change: of the unsafe rate, set minus part on the same cells; positive: the part
    does better without the rest. adjusted_p: Benjamini-Hochberg over all sets, parts and probes.
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

    def cancels(self, alpha: float) -> bool:
        """Whether the rest of the set was shown to undo some of what the part does."""
        return self.adjusted_p < alpha and self.change.estimate > 0

    def adds(self, alpha: float) -> bool:
        """Whether the rest of the set was shown to remove more."""
        return self.adjusted_p < alpha and self.change.estimate < 0


def meetings(
    results: pl.DataFrame,
    members: Mapping[str, Sequence[Member]],
    parts: Mapping[str, Sequence[str]],
    confidence: float,
) -> tuple[Meeting, ...]:
    """members: by the name of a system, all that protects it. parts: by the name of a set, its parts."""
    found = [
        one
        for system, own in members.items()
        for whole in own
        for one in _of_set(results, system, whole, _parts(whole, own, parts), confidence)
    ]
    if not found:
        return ()
    adjusted = multipletests([one.adjusted_p for one in found], method="fdr_bh")[1]
    return tuple(replace(one, adjusted_p=float(p)) for one, p in zip(found, adjusted, strict=True))


def _parts(whole: Member, own: Sequence[Member], parts: Mapping[str, Sequence[str]]) -> list[Member]:
    return [one for one in own if one.mitigation in parts.get(whole.mitigation, ())]


def _of_set(
    results: pl.DataFrame, system: str, whole: Member, parts: Sequence[Member], confidence: float
) -> Iterator[Meeting]:
    for probe in whole.rates:
        cells = results.filter(pl.col("probe") == probe)
        alone = [Alone(one.mitigation, one.rates, 0.0) for one in parts if probe in one.rates]
        complete = len(alone) == len(parts)
        foreseen = foresee_rate(alone, probe, whole.before[probe]) if complete else None
        for part in parts:
            change = paired_difference(cells, whole.name, part.name, confidence=confidence)
            rates = [
                unsafe_rate(cells.filter(pl.col("system") == one.name), confidence) for one in (whole, part)
            ]
            if change is None or rates[0] is None or rates[1] is None:
                continue
            yield Meeting(
                system, whole.mitigation, part.mitigation, probe, whole.name, part.name, rates[0], rates[1],
                foreseen, change, change.p,
            )  # fmt: skip
