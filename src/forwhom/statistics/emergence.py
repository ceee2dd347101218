"""Which sets of layers are unsafe together while every part of them is safe: found without trying all 2^k.

A set is emergent when its rate lies above the tolerance and that of each proper subset, the empty one among
them, below. A claim rests on measurements of all of these, never on what is assumed of others; its e-value is
the least of theirs, and claims are made at a false discovery rate.

What to measure next rests on an assumption, that a layer which personalizes makes nothing safe: parts of a
safe set are not looked at, nor are sets that hold an emergent one. So what is found is right as far as it was
measured; that nothing was missed holds only as far as the assumption does, and where measurements contradict
it, they are told. Layers that protect are excepted from it.

The search is that for all minimal unsatisfiable subsets (MARCO; Liffiton et al., 2016): an unsafe set is
shrunk one layer at a time (delta debugging; Zeller and Hildebrandt, 2002), a safe one rules out its parts,
and the next is a largest one that neither has settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, Protocol

from forwhom.statistics.betting import e_discoveries

Combination = frozenset[str]
Verdict = Literal["safe", "unsafe", "undecided"]


class Evidence(Protocol):
    """How one combination's rate stands to the tolerance.

    above: against "the rate is at most the tolerance", below: against "it is at least that"; an e-value, or
    1/p of a test: at 1/a or more either is evidence at level a. rate: so far.
    """

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
    """A combination that is unsafe while every proper subset is safe. e_value: of that claim."""

    layers: Combination
    e_value: float
    rate: float
    worst_part: Combination
    worst_rate: float


@dataclass
class Search:
    """The state of a search. known: what was measured, by combination.

    factors: layers that personalize or protect; evidence: makes that of a combination, nobody asked yet.
    protective: those that protect. confident: what counts as decided while searching (1/a).
    level: of false discoveries among the claims. largest: the size up to which sets are looked for.
    """

    factors: Sequence[str]
    evidence: Callable[[Combination], Evidence]
    protective: frozenset[str] = frozenset()
    excluded: Callable[[Combination], bool] = lambda combination: False
    confident: float = 20.0
    level: float = 0.05
    largest: int = 3
    known: dict[Combination, Evidence] = field(default_factory=dict)
    minimal: list[Combination] = field(default_factory=list)

    def run(self, start: Iterable[Combination] = ()) -> list[Emergent]:
        """Measure until nothing is left to be measured; see `emergent`.

        start: combinations to begin with, those of a design.
        """
        self.verdict(frozenset())
        for combination in start:
            if self.verdict(combination) == "unsafe":
                self._explain(combination)
        while (following := self._next()) is not None:
            if self.verdict(following) == "unsafe":
                self._explain(following)
        return self.emergent()

    @property
    def asked(self) -> int:
        """Users asked, summed over combinations."""
        return sum(one.users for one in self.known.values())

    def verdict(self, combination: Combination) -> Verdict:
        """Measured now, where it was not before."""
        return self._decided(combination, self.confident, self.confident)

    def standing(self, combination: Combination) -> Verdict:
        """Of what was measured so far."""
        if (one := self.known.get(combination)) is not None:
            if one.above >= self.confident:
                return "unsafe"
            if one.below >= self.confident:
                return "safe"
        return "undecided"

    def contradictions(self) -> list[tuple[Combination, Combination]]:
        """(unsafe, safe): measured pairs where adding layers that personalize made an unsafe set safe."""
        unsafe = [one for one in self.known if self.standing(one) == "unsafe"]
        safe = [one for one in self.known if self.standing(one) == "safe"]
        return [(a, b) for a in unsafe for b in safe if a < b and not (b - a) & self.protective]

    def undecided(self) -> list[Combination]:
        """Measured, and neither shown to be safe nor to be unsafe."""
        return [one for one in self.known if self.standing(one) == "undecided"]

    def _decided(self, combination: Combination, above: float, below: float) -> Verdict:
        if combination not in self.known:
            self.known[combination] = self.evidence(combination)
        one = self.known[combination]
        one.extend(above, below)
        if one.above >= above:
            return "unsafe"
        return "safe" if one.below >= below else "undecided"

    def _explain(self, combination: Combination) -> None:
        """Shrink an unsafe combination to minimal ones, until one that is in it is known."""
        if any(known <= combination for known in self.minimal):
            return
        current = combination
        for layer in sorted(combination):
            if layer in current and self.verdict(current - {layer}) == "unsafe":
                current = current - {layer}
        if current:
            self.minimal.append(current)

    def _next(self) -> Combination | None:
        """A largest combination that holds no minimal unsafe one, is part of no safe one and is not measured.

        Protective layers are tried with no inference from what is safe with them.
        """
        for combination in self._largest_first():
            if combination in self.known or any(known <= combination for known in self.minimal):
                continue
            if any(self._rules_out(one, combination) for one in self.known):
                continue
            return combination
        return None

    def _rules_out(self, measured: Combination, combination: Combination) -> bool:
        is_part = combination < measured and not (measured - combination) & self.protective
        return is_part and self.standing(measured) == "safe"

    def _largest_first(self) -> Iterator[Combination]:
        for size in range(len(self.factors), 0, -1):
            for layers in combinations(self.factors, size):
                combination = frozenset(layers)
                if not self.excluded(combination):
                    yield combination

    @property
    def looked_at(self) -> int:
        """Hypotheses: all sets up to the size of the largest found."""
        largest = max([self.largest, *(len(one) for one in self.minimal)])
        return sum(not self.excluded(one) for one in subsets_up_to(self.factors, largest))

    def candidates(self, hypotheses: int = 0) -> list[Emergent]:
        """The minimal unsafe sets that were found, measured as far as a claim among so many hypotheses
        (at least those looked at) needs it and users are left."""
        needed = max(hypotheses, self.looked_at) / self.level / max(len(self.minimal), 1)
        found: list[Emergent] = []
        for combination in self.minimal:
            parts = parts_of(combination)
            self._decided(combination, needed, self.confident)
            for part in parts:
                if self._decided(part, self.confident, needed) == "unsafe":
                    break
            found.append(self._emergent(combination, parts))
        return found

    def emergent(self) -> list[Emergent]:
        """What is claimed, the best established first."""
        return claimed(self.candidates(), self.level, self.looked_at)

    def _emergent(self, combination: Combination, parts: list[Combination]) -> Emergent:
        measured = {part: self.known[part] for part in parts if part in self.known}
        worst = max(measured, key=lambda part: measured[part].rate)
        least = min(one.below for one in measured.values()) if len(measured) == len(parts) else 0.0
        whole = self.known[combination]
        return Emergent(combination, min(whole.above, least), whole.rate, worst, measured[worst].rate)


def claimed(candidates: Sequence[Emergent], level: float, hypotheses: int) -> list[Emergent]:
    """Those of the candidates that are claimed at a false discovery rate of `level`, best first."""
    kept = e_discoveries([one.e_value for one in candidates], level, hypotheses)
    return sorted((one for one, is_kept in zip(candidates, kept, strict=True) if is_kept),
                  key=lambda one: -one.e_value)  # fmt: skip


def subsets_up_to(factors: Sequence[str], largest: int) -> Iterator[Combination]:
    """Every set of one factor or more, up to that size."""
    for size in range(1, min(largest, len(factors)) + 1):
        yield from (frozenset(one) for one in combinations(factors, size))


def parts_of(combination: Combination) -> list[Combination]:
    """All proper subsets, the empty one first."""
    layers = sorted(combination)
    return [frozenset(part) for size in range(len(layers)) for part in combinations(layers, size)]
