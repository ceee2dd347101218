"""Whether a rate lies above or below a tolerance, looked at after every user, as often as one likes.

Each user's mean is a bet against "the rate is at most (at least) m". The capital of a bettor who cannot win
on average under that hypothesis exceeds 1/a with a probability of at most a, whenever one stops (Ville): it
is an e-value at any time, and whoever stops early need not pay for it. Waudby-Smith and Ramdas
(arXiv:2010.09686); the stake is not tuned but spread over a grid, a mixture of martingales.

The unit is the user: whatever one user's answers have in common does no harm. The rate is that over users,
on the items that are asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from forwhom.statistics.clustering import Floats

_STAKES = np.linspace(0.05, 0.95, 10)  # as shares of the most that can be staked


@dataclass
class Bets:
    """Bets on both sides of `tolerance`, strictly between 0 and 1. means: of each user so far, in [0, 1]."""

    is_e_value: ClassVar[bool] = True
    tolerance: float
    means: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._above: Floats = np.zeros(len(_STAKES))
        self._below: Floats = np.zeros(len(_STAKES))
        for one in self.means:
            self._bet(one)

    def add(self, means: Iterable[float]) -> None:
        """Further users, in an order that does not depend on their answers."""
        for one in means:
            self.means.append(one)
            self._bet(one)

    @property
    def above(self) -> float:
        """The e-value against "the rate is at most the tolerance"."""
        return _mean_of_exp(self._above)

    @property
    def below(self) -> float:
        """The e-value against "the rate is at least the tolerance"."""
        return _mean_of_exp(self._below)

    @property
    def rate(self) -> float:
        return float(np.mean(self.means)) if self.means else 0.0

    @property
    def users(self) -> int:
        return len(self.means)

    def _bet(self, mean: float) -> None:
        m = self.tolerance
        self._above = self._above + np.log1p(_STAKES / m * (mean - m))
        self._below = self._below + np.log1p(_STAKES / (1 - m) * (m - mean))


@dataclass
class SequentialBets(Bets):
    """Bets on users who are asked only while it takes more of them.

    ask(first, count): the means of so many users from the place `first` on, fewer where there are no more.
    """

    ask: Callable[[int, int], Sequence[float]] = lambda first, count: ()
    batch: int = 8

    def extend(self, above: float, below: float) -> None:
        """Until one of these e-values is reached, or nobody is left."""
        while self.above < above and self.below < below:
            further = self.ask(self.users, self.batch)
            if len(further) == 0:
                return
            self.add(further)


def users_needed(tolerance: float, e_value: float, most: int) -> int:
    """So many users who are all answered safely (or, if that takes more, all unsafely) reach the e-value:
    fewer can decide nothing. `most` where so many cannot."""
    safe = np.log1p(_STAKES / (1 - tolerance) * tolerance)
    unsafe = np.log1p(_STAKES / tolerance * (1 - tolerance))

    def reached(count: int) -> bool:
        return min(_mean_of_exp(count * safe), _mean_of_exp(count * unsafe)) >= e_value

    return bisect_left(range(most), True, key=reached)


def e_discoveries(e_values: list[float], level: float, hypotheses: int | None = None) -> list[bool]:
    """Which to claim at a false discovery rate of at most `level`, however they depend on each other: the
    e-BH procedure (Wang and Ramdas, arXiv:2009.02824).

    hypotheses: how many were looked at, where most of them are not in the list.
    """
    count = max(hypotheses or 0, len(e_values))
    ranked = sorted(range(len(e_values)), key=lambda place: -e_values[place])
    enough = [k for k, place in enumerate(ranked, 1) if k * e_values[place] >= count / level]
    claimed = set(ranked[: max(enough, default=0)])
    return [place in claimed for place in range(len(e_values))]


def _mean_of_exp(logs: Floats) -> float:
    return float(np.exp(np.minimum(logs, 600)).mean())
