"""Mitigations that act together, beside each of them alone: do they cancel?

A set is compared with every part, not with the best one: which part is best is told by the same noise, and a
set no worse than its parts would seem worse than the luckiest of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.choosing import foresee_rate
from forwhom.statistics.differences import Difference, paired_difference
from forwhom.statistics.rates import Rate


@dataclass(frozen=True)
class Parts:
    """Of a set those of its mitigations that are also asked alone, by name. is_whole: whether that is all."""

    names: tuple[str, ...]
    is_whole: bool


class RiskChange(Protocol):
    """As in mitigations.py, and so is Effect."""

    @property
    def before(self) -> Rate: ...
    @property
    def after(self) -> Rate: ...
    @property
    def probe(self) -> str: ...
    def helps(self, alpha: float) -> bool: ...


class Effect(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def system(self) -> str: ...
    @property
    def mitigation(self) -> str: ...
    @property
    def known(self) -> bool: ...
    @property
    def risks(self) -> Sequence[RiskChange]: ...
    def risk(self, probe: str) -> RiskChange | None: ...


@dataclass(frozen=True)
class JointEffect:
    """A set on one system and probe, beside one of its parts. name, part_name: of the protected systems.

    together, alone: the unsafe rates of the set and of the part, each on the cells that the system without it
    has, too. foreseen: what the set would leave if each part left its share of the risk whatever the others
    do; None where not every part was measured alone, or there was no risk. change: of the unsafe rate, set
    minus part on the same cells; positive: the part does better without the rest. adjusted_p:
    Benjamini-Hochberg over all sets, parts and probes. part_helps: whether the part was shown to lower this
    risk.
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
    results: pl.DataFrame, effects: Sequence[Effect], parts: Mapping[str, Parts], confidence: float
) -> tuple[JointEffect, ...]:
    """parts: by the name of a set."""
    found = [
        one
        for whole in effects
        if whole.mitigation in parts and not whole.known
        for one in _of_set(results, whole, effects, parts[whole.mitigation], confidence)
    ]
    if not found:
        return ()
    adjusted = multipletests([one.adjusted_p for one in found], method="fdr_bh")[1]
    return tuple(replace(one, adjusted_p=float(p)) for one, p in zip(found, adjusted, strict=True))


def _of_set(
    results: pl.DataFrame, whole: Effect, effects: Sequence[Effect], parts: Parts, confidence: float
) -> Iterator[JointEffect]:
    own = [
        one for one in effects
        if one.system == whole.system and one.mitigation in parts.names and not one.known
    ]  # fmt: skip
    for joint in whole.risks:
        alone = [(one, risk) for one in own if (risk := one.risk(joint.probe))]
        is_whole = parts.is_whole and len(alone) == len(parts.names)
        foreseen = _foreseen(joint, [risk for _, risk in alone]) if is_whole else None
        cells = results.filter(pl.col("probe") == joint.probe)
        for part, risk in alone:
            change = paired_difference(cells, whole.name, part.name, confidence=confidence)
            if change is not None:
                yield JointEffect(
                    whole.system, whole.mitigation, part.mitigation, joint.probe, whole.name, part.name,
                    joint.after, risk.after, foreseen, change, change.p, risk.helps(1 - confidence),
                )  # fmt: skip


def _foreseen(joint: RiskChange, alone: Sequence[RiskChange]) -> float | None:
    before = [one.before.estimate for one in (joint, *alone)]
    if not all(before):
        return None
    shares = [one.after.estimate / one.before.estimate for one in alone]
    return min(1.0, foresee_rate(joint.before.estimate, shares))
