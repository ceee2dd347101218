"""What a design of factors can tell: effects that are estimable, and what each carries along (aliases).

A factor is off or at one of its levels. Each level is a column: 1 where the factor is there, less the share
of its levels that it is of, so that of two levels they are -1/2 and 1/2. The coefficient of a column is then
what the level adds on average over the other factors; that of a product of two columns is how much more the
one adds where the other is there (a difference of differences), and so on: plain differences of risk.

What cannot be told apart is said: with X the columns of the fitted terms and Z those of a term that is left
out, the fitted coefficients carry pinv(X) Z of it (the alias matrix of Box and Wilson, 1951).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import polars as pl

from forwhom.statistics.clustering import Floats

OFF = "off"
"""The level of a factor that is not there."""
_TINY = 1e-9

Part = tuple[str, str]
"""A factor, and its level."""
Term = tuple[Part, ...]
"""Of one part: a main effect; of several: their interaction."""


@dataclass(frozen=True)
class Alias:
    """What a fitted effect carries of one that is left out, as a factor."""

    term: Term
    share: float


@dataclass(frozen=True)
class Estimable:
    """The effects that a design can tell. levels: a row a run, a column a factor.

    terms: fitted, by order. contrasts: shape (terms, runs): an effect is its row times the runs' values.
    aliases: of each term, the left-out ones that it carries. lost: asked for and not fitted, since the
    others determine it.
    """

    terms: tuple[Term, ...]
    contrasts: Floats
    aliases: tuple[tuple[Alias, ...], ...]
    lost: tuple[Term, ...]
    levels: pl.DataFrame

    def is_clear(self, term: Term) -> bool:
        """Whether it carries no other effect that was looked at."""
        return not self.aliases[self.terms.index(term)]


def estimable(
    levels: pl.DataFrame, order: int, beyond: int = 1, can_be: Callable[[Term], bool] = lambda term: True
) -> Estimable:
    """The effects up to `order` that the runs can tell.

    levels: a row a run, a column a factor, OFF or the name of a level. beyond: effects of so many orders
    more are looked at as aliases. can_be: whether all parts of a term can be there at once; one that cannot
    is no effect, and nothing is taken for it.
    """
    terms = [term for term in terms_of(levels, order + beyond) if can_be(term)]
    fitted: list[Term] = []
    columns: Floats = np.ones((levels.height, 1))
    lost: list[Term] = []
    for term in (one for one in terms if len(one) <= order):
        column = column_of(levels, term)
        rest = column - columns @ np.linalg.lstsq(columns, column, rcond=None)[0]
        if float(rest @ rest) > _TINY:
            fitted.append(term)
            columns = np.column_stack([columns, column])
        else:
            lost.append(term)
    inverse: Floats = np.linalg.pinv(columns).astype(np.float64)
    others = [*lost, *(one for one in terms if len(one) > order)]
    carried = inverse @ np.column_stack([column_of(levels, term) for term in others]) if others else None
    aliases = [
        tuple(
            Alias(other, round(float(carried[place, index]), 6))
            for index, other in enumerate(others)
            if carried is not None and abs(carried[place, index]) > 1e-6
        )
        for place in range(1, len(fitted) + 1)
    ]
    return Estimable(tuple(fitted), inverse[1:], tuple(aliases), tuple(lost), levels)


def terms_of(levels: pl.DataFrame, order: int) -> list[Term]:
    """All effects up to `order`, the lower orders first."""
    there = levels_of(levels)
    found: list[Term] = []
    for size in range(1, min(order, len(there)) + 1):
        for factors in combinations(there, size):
            found += [tuple(parts) for parts in product(*([(f, one) for one in there[f]] for f in factors))]
    return found


def levels_of(levels: pl.DataFrame) -> dict[str, list[str]]:
    """By factor: its levels, without OFF, in the order in which they occur."""
    return {
        factor: [one for one in levels[factor].unique(maintain_order=True) if one != OFF]
        for factor in levels.columns
    }


def column_of(levels: pl.DataFrame, term: Term) -> Floats:
    """The coded column of an effect, shape (runs,)."""
    column = np.ones(levels.height)
    for factor, level in term:
        count = levels[factor].n_unique()
        column = column * ((levels[factor] == level).to_numpy().astype(float) - 1 / max(count, 2))
    return column
