"""Which factors each system of a study has: what the results table does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import prod

import polars as pl

from forwhom.statistics.emergence import Combination
from forwhom.statistics.factorial import OFF, Term

Run = Mapping[str, str]
"""By factor, its level: OFF, or the name of one that it has."""
BASE = "unpersonalized"
"""The system in which every factor is off."""


@dataclass(frozen=True)
class Layout:
    """factors: by name, their levels besides OFF. design: by system, its levels, the base first.
    further: the same of what a search added. reversed: by system, the one of the same layers in the usual
    order.

    protective: factors that protect. exclude: entries of "factor" or "factor=level" that cannot be together.
    """

    factors: Mapping[str, tuple[str, ...]]
    design: Mapping[str, Run]
    further: Mapping[str, Run]
    reversed: Mapping[str, str]
    protective: frozenset[str] = frozenset()
    exclude: tuple[tuple[str, ...], ...] = ()

    def part(self, factor: str, level: str) -> str:
        """ "retrieval"; "retrieval shared" where the factor has several levels."""
        return factor if len(self.factors[factor]) == 1 else f"{factor} {level}"

    def written(self, term: Term) -> str:
        """ "retrieval shared × finetuning"."""
        return " × ".join(self.part(*one) for one in term)

    @cached_property
    def parts(self) -> dict[str, tuple[str, str]]:
        """By name: factor and level, in order."""
        return {self.part(f, level): (f, level) for f, levels in self.factors.items() for level in levels}

    @cached_property
    def protective_parts(self) -> frozenset[str]:
        return frozenset(name for name, (factor, _) in self.parts.items() if factor in self.protective)

    def combination(self, run: Run) -> Combination:
        """The parts that are there."""
        return frozenset(self.part(factor, level) for factor, level in run.items() if level != OFF)

    def run(self, combination: Combination) -> dict[str, str]:
        """The levels of a combination."""
        there = dict(self.parts[name] for name in combination)
        return {factor: there.get(factor, OFF) for factor in self.factors}

    def name(self, combination: Combination) -> str:
        """Of the system: its parts in the order of the factors."""
        return "+".join(name for name in self.parts if name in combination) or BASE

    @cached_property
    def by_combination(self) -> dict[Combination, str]:
        """By what it holds, the system."""
        return {self.combination(run): name for name, run in {**self.further, **self.design}.items()}

    def is_excluded(self, combination: Combination) -> bool:
        """Whether two levels of one factor are in it, or an entry of `exclude` is altogether."""
        return any(entry <= combination for entry in self._impossible)

    def can_be(self, term: Term) -> bool:
        """Whether the parts of an effect can be together."""
        return not self.is_excluded(frozenset(self.part(*one) for one in term))

    @cached_property
    def possible(self) -> int:
        """How many combinations there are, the empty one among them: those that are not excluded."""
        bound = {told.partition("=")[0] for entry in self.exclude for told in entry}
        free = prod(len(levels) + 1 for factor, levels in self.factors.items() if factor not in bound)
        runs = product(*([(one, level) for level in (OFF, *self.factors[one])] for one in bound))
        return free * sum(not self.is_excluded(self.combination(dict(run))) for run in runs)

    @cached_property
    def _impossible(self) -> list[Combination]:
        found = [
            frozenset((self.part(factor, one), self.part(factor, other)))
            for factor, levels in self.factors.items()
            for one, other in combinations(levels, 2)
        ]
        for entry in self.exclude:
            told = [one.partition("=")[::2] for one in entry]
            levels = [[level] if level else list(self.factors[factor]) for factor, level in told]
            found += [
                frozenset(self.part(factor, level) for (factor, _), level in zip(told, chosen, strict=True))
                for chosen in product(*levels)
            ]
        return found

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row a system of the design, a column a factor."""
        return pl.DataFrame(
            {factor: [run[factor] for run in self.design.values()] for factor in self.factors}
        )
