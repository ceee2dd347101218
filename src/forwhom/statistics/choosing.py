"""Which mitigations to take together, from what each does alone.

What a set will do is foreseen as if its parts did not meet: of the risk each leaves its share, of usefulness
each takes its cost. Whether they do meet is then measured; see studies/proposing.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

_LARGEST = 3  # mitigations of a set: of more a user could not say what each is there for


@dataclass(frozen=True)
class Alone:
    """What one mitigation did by itself. rates: by probe, with it; cost: usefulness lost, in [0, 1]."""

    name: str
    rates: Mapping[str, float]
    cost: float


@dataclass(frozen=True)
class Foreseen:
    """A set and what it should do. excess: the rates above the tolerance, summed; 0 where all are within."""

    names: tuple[str, ...]
    cost: float
    excess: float

    def is_within(self, budget: float) -> bool:
        return self.excess == 0 and self.cost <= budget


def foresee(parts: Sequence[Alone], before: Mapping[str, float], tolerance: float) -> Foreseen:
    """before: by probe, the rate without any mitigation."""
    rates = {
        probe: foresee_rate(rate, [_left(part, probe, rate) for part in parts])
        for probe, rate in before.items()
    }
    return Foreseen(
        tuple(part.name for part in parts), sum(part.cost for part in parts), excess_of(rates, tolerance)
    )


def foresee_rate(before: float, shares: Sequence[float]) -> float:
    """What is left of a rate where each mitigation leaves its share, if none of them meets another."""
    return before * prod(shares)


def excess_of(rates: Mapping[str, float], tolerance: float) -> float:
    return sum(max(0.0, rate - tolerance) for rate in rates.values())


def ranked(
    alone: Sequence[Alone], before: Mapping[str, float], tolerance: float, budget: float
) -> list[Foreseen]:
    """Every set of up to three that removes some risk: those within tolerance and budget first, the cheapest
    first; then those that leave the least excess within the budget; then the others."""
    useful = [one for one in alone if any(one.rates.get(p, r) < r for p, r in before.items())]
    sets = [
        foresee(parts, before, tolerance)
        for size in range(1, _LARGEST + 1)
        for parts in combinations(useful, size)
    ]

    def order(one: Foreseen) -> tuple[bool, bool, float, float, int, tuple[str, ...]]:
        within = one.is_within(budget)
        first, second = (one.cost, one.excess) if within else (one.excess, one.cost)
        return not within, one.cost > budget, first, second, len(one.names), one.names

    return sorted(sets, key=order)


def _left(part: Alone, probe: str, before: float) -> float:
    """The share of the risk that `part` leaves."""
    return part.rates.get(probe, before) / before if before else 1.0
