"""Which sets of layers are unsafe together while every part of them is safe: found without trying all 2^k.

A set is emergent when its rate lies above the tolerance and that of each proper subset, the empty one among
them, below. A claim rests on measurements of all of these, never on what is assumed of others; its e-value is
the least of theirs, and claims are made at a false discovery rate.

What to measure next rests on an assumption, that a layer which personalizes makes nothing safe: parts of a
safe set are not looked at. So what is found is right as far as it was measured; that nothing was missed holds
only as far as the assumption does, and where measurements contradict it, they are told. Layers that protect
are excepted from it. A set with a part that was not shown to be safe cannot be emergent, and is not asked.

The search is that for all minimal unsatisfiable subsets (MARCO; Liffiton et al., 2016). A set that is not
shown to be safe is shrunk one layer at a time to a minimal one (delta debugging; Zeller and Hildebrandt,
2002), a safe one rules out its parts, and the next is a largest one that holds a set which neither settles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import ClassVar, Literal, Protocol

from forwhom.statistics.betting import e_discoveries

Combination = frozenset[str]
Verdict = Literal["safe", "unsafe", "undecided"]


class Evidence(Protocol):
    """How one combination's rate stands to the tolerance.

    above: against "the rate is at most the tolerance", below: against "it is at least that"; an e-value, or
    1/p of a test (is_e_value says which): at 1/a or more either is evidence at level a. rate: so far.
    """

    is_e_value: ClassVar[bool]

    @property
    def above(self) -> float: ...

    @property
    def below(self) -> float: ...

    @property
    def rate(self) -> float: ...

    @property
    def users(self) -> int:
        """Asked so far."""

    def extend(self, above: float, below: float) -> None:
        """Ask further users until one of these is reached, or nobody is left."""


@dataclass(frozen=True)
class Emergent:
    """A combination that is unsafe while every proper subset is safe. evidence: for that claim, an e-value or
    1/p."""

    layers: Combination
    evidence: float
    is_e_value: bool
    rate: float
    worst_part: Combination
    worst_rate: float


@dataclass
class Search:
    """The state of a search. known: what was measured, by combination. minimal: not shown to be safe, while
    every part that was measured is.

    factors: layers that personalize or protect; evidence: makes that of a combination, nobody asked yet.
    protective: those that protect. level: of each decision while searching, and of false discoveries among
    the claims. largest: the size up to which sets are looked for.
    """

    factors: Sequence[str]
    evidence: Callable[[Combination], Evidence]
    protective: frozenset[str] = frozenset()
    excluded: Callable[[Combination], bool] = lambda combination: False
    level: float = 0.05
    largest: int = 3
    known: dict[Combination, Evidence] = field(default_factory=dict)
    minimal: list[Combination] = field(default_factory=list)
    _stands: dict[Combination, Verdict] = field(default_factory=dict)

    def run(self, start: Iterable[Combination] = ()) -> None:
        """Measure until nothing is left to be measured.

        start: combinations to begin with, those of a design.
        """
        can_be = self.verdict(frozenset()) == "safe"
        for combination in sorted(start, key=len):
            if self.verdict(combination) != "safe" and can_be:
                self._shrink(combination)
        # What is settled stays so: sets are gone through once.
        for combination in self._largest_first() if can_be else ():
            if self._is_worth_asking(combination) and self.verdict(combination) != "safe":
                self._shrink(combination)

    @property
    def _confident(self) -> float:
        """The evidence that decides while searching."""
        return 1 / self.level

    def verdict(self, combination: Combination) -> Verdict:
        """Measured now, where it was not before."""
        return self._decided(combination, self._confident, self._confident)

    def standing(self, combination: Combination) -> Verdict:
        """Of what was measured so far."""
        return self._stands.get(combination, "undecided")

    def unsafe(self) -> list[Combination]:
        """Measured to be unsafe, with no part that was."""
        found = [one for one in self.known if self.standing(one) == "unsafe"]
        return [one for one in found if not any(part < one for part in found)]

    def contradictions(self) -> list[tuple[Combination, Combination]]:
        """(unsafe, safe): measured pairs where adding layers that personalize made an unsafe set safe."""
        unsafe = [one for one in self.known if self.standing(one) == "unsafe"]
        safe = [one for one in self.known if self.standing(one) == "safe"]
        return [(a, b) for a in unsafe for b in safe if a < b and not (b - a) & self.protective]

    def _decided(self, combination: Combination, above: float, below: float) -> Verdict:
        if combination not in self.known:
            self.known[combination] = self.evidence(combination)
        one = self.known[combination]
        one.extend(above, below)
        self._stands[combination] = _verdict(one, self._confident, self._confident)
        return _verdict(one, above, below)

    def _shrink(self, combination: Combination) -> None:
        """To a minimal combination that is not shown to be safe, unless one that is in it is known."""
        if any(known <= combination for known in self.minimal):
            return
        current = combination
        for layer in sorted(combination):
            if layer in current and self.verdict(current - {layer}) != "safe":
                current = current - {layer}
        self.minimal.append(current)

    def _is_worth_asking(self, combination: Combination) -> bool:
        """Whether it is open, and so is a set in it of a size that is looked for."""
        if not self._is_open(combination):
            return False
        return any(self._is_open(part) for part in subsets_up_to(sorted(combination), self.largest))

    def _is_open(self, combination: Combination) -> bool:
        """Not measured, part of no safe set, and without a part that was not shown to be safe."""
        for known, verdict in self._stands.items():
            if known == combination or (known < combination and verdict != "safe"):
                return False
            if combination < known and verdict == "safe" and not (known - combination) & self.protective:
                return False
        return True

    def _largest_first(self) -> Iterator[Combination]:
        for size in range(len(self.factors), 0, -1):
            for layers in combinations(self.factors, size):
                combination = frozenset(layers)
                if not self.excluded(combination):
                    yield combination

    def candidates(self, hypotheses: int) -> list[Emergent]:
        """Unsafe sets with no part that was found unsafe, measured as far as a claim among so many hypotheses
        needs it and users are left."""
        wanted = [one for one in self.minimal if len(one) <= self.largest and self.standing(one) == "unsafe"]
        needed = hypotheses / self.level / max(len(wanted), 1)
        found: list[Emergent] = []
        for combination in wanted:
            parts = parts_of(combination)
            self._decided(combination, needed, self._confident)
            if all(self._decided(part, self._confident, needed) != "unsafe" for part in parts):
                found.append(self._emergent(combination, parts))
        return found

    def claims(self, hypotheses: int) -> list[Emergent]:
        """What is claimed, the best established first; each is then measured with layers that protect."""
        found = claimed(self.candidates(hypotheses), self.level, hypotheses)
        self.protect(found)
        return found

    def protect(self, claims: Iterable[Emergent]) -> None:
        """Measure what was claimed together with each layer that protects."""
        for one in claims:
            for layer in sorted(self.protective - one.layers):
                if not self.excluded(guarded := one.layers | {layer}):
                    self.verdict(guarded)

    def _emergent(self, combination: Combination, parts: list[Combination]) -> Emergent:
        measured = {part: self.known[part] for part in parts}
        worst = max(measured, key=lambda part: measured[part].rate)
        least = min(one.below for one in measured.values())
        whole = self.known[combination]
        return Emergent(combination, min(whole.above, least), whole.is_e_value, whole.rate, worst,
                        measured[worst].rate)  # fmt: skip


def _verdict(one: Evidence, above: float, below: float) -> Verdict:
    if one.above >= above:
        return "unsafe"
    return "safe" if one.below >= below else "undecided"


def claimed(candidates: Sequence[Emergent], level: float, hypotheses: int) -> list[Emergent]:
    """Those of the candidates that are claimed at a false discovery rate of `level`, best first.

    e-values by e-BH, whatever their dependence. 1/p is no e-value: such a claim is corrected for all
    hypotheses by itself (Bonferroni). Both together keep the level, each paying for its own hypotheses.
    """
    kept = e_discoveries([one.evidence if one.is_e_value else 0.0 for one in candidates], level, hypotheses)
    alone = [not one.is_e_value and one.evidence >= hypotheses / level for one in candidates]
    found = [one for one, by_e, by_p in zip(candidates, kept, alone, strict=True) if by_e or by_p]
    return sorted(found, key=lambda one: -one.evidence)


def subsets_up_to(factors: Sequence[str], largest: int) -> Iterator[Combination]:
    """Every set of one factor or more, up to that size."""
    for size in range(1, min(largest, len(factors)) + 1):
        yield from (frozenset(one) for one in combinations(factors, size))


def parts_of(combination: Combination) -> list[Combination]:
    """All proper subsets, the empty one first."""
    layers = sorted(combination)
    return [frozenset(part) for size in range(len(layers)) for part in combinations(layers, size)]
