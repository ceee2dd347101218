"""Whether so many users can show anything at all to be emergent, before any is asked."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log

from forwhom.statistics.betting import users_needed

_MOST = 100_000  # users, beyond which nobody goes


@dataclass(frozen=True)
class Settings:
    """tolerance: above it a rate is unsafe, strictly between 0 and 1. level: of false discoveries. largest:
    the size up to which combinations are looked for. early: whether users are asked only while it takes more
    of them (None: where there are enough for that). seed: of the order in which they are."""

    tolerance: float
    level: float = 0.05
    largest: int = 3
    early: bool | None = None
    seed: int = 1


@dataclass(frozen=True)
class Decidable:
    """settings: of the search; hypotheses: combinations that are looked at, on all probes together."""

    settings: Settings
    hypotheses: int

    def is_early(self, users: int) -> bool:
        """Whether users are asked only while it takes more of them."""
        if self.settings.early is not None:
            return self.settings.early
        return users >= users_needed(self.settings.tolerance, self._needed, _MOST)

    def why_not(self, users: int, items: int) -> str:
        """Why so many users, and items, can show nothing, and what would do; "" where they can."""
        tolerance = self.settings.tolerance
        # Bets hold for the items that are asked; the score test for others as well.
        fewest = users if self.is_early(users) else min(users, items)
        needed = self.least(tolerance)
        if fewest >= needed:
            return ""
        wider = (one / 100 for one in range(int(100 * tolerance) + 1, 51))
        enough = next((one for one in wider if fewest >= self.least(one)), None)
        return (
            f"{users} users and {items} items cannot show a combination to be emergent at a tolerance of "
            f"{100 * tolerance:.3g}%, whatever is answered: that its parts are safe takes "
            + (f"at least {needed:,} of " if needed < _MOST else f"{_MOST:,} or more of ")
            + ("users" if self.is_early(users) else "both")
            + (f", or a tolerance of {enough:.0%}." if enough else ".")
        )

    def least(self, tolerance: float) -> int:
        """So many users (of the score test: and items), all answered alike, can."""
        if self.settings.early:
            return users_needed(tolerance, self._needed, _MOST)
        # The score test's p of n clusters that are all answered alike is 2 q^n.
        share = max(tolerance, 1 - tolerance)
        return min(ceil(log(2 * self._needed) / -log(share)), _MOST)

    @property
    def _needed(self) -> float:
        """The e-value of a single claim."""
        return self.hypotheses / self.settings.level
