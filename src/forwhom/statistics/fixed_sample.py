"""Whether a rate lies above or below a tolerance, from all users at once: the score tests of both.

For a study of few users, who are all asked: bets on each of them (see betting.py) assume nothing of how
alike a user's answers are, and so need many users; the score test estimates it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from forwhom.statistics.rates import arrays
from forwhom.statistics.score_interval import rate_score

_NEVER = 1e-300


@dataclass
class WholeSample:
    """Evidence of one combination; see emergence.Evidence. ask: gets all cells of users at risk."""

    is_e_value: ClassVar[bool] = False
    tolerance: float
    ask: Callable[[], pl.DataFrame]
    above: float = 1.0
    below: float = 1.0
    rate: float = 0.0
    users: int = 0

    def extend(self, above: float, below: float) -> None:
        """Ask all, the first time."""
        cells = self.ask() if self.users == 0 else None
        if cells is None or cells.is_empty():
            return
        values, users, items = arrays(cells, "unsafe")
        score = rate_score(values, users, items)
        self.above = 1 / max(score.p_above(self.tolerance), _NEVER)
        self.below = 1 / max(rate_score(1 - values, users, items).p_above(1 - self.tolerance), _NEVER)
        self.rate, self.users = score.moments.mean, score.moments.n_users
