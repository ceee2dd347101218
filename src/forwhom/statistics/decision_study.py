"""How many users and items would be needed for a given precision (a decision study)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from forwhom.statistics.variance import VarianceComponents


@dataclass(frozen=True)
class Precision:
    """The half-width of the interval of mean risk with this many users, each asked this many items."""

    n_users: int
    n_items: int
    half_width: float


def decision_study(
    components: VarianceComponents,
    users: tuple[int, ...] = (20, 60, 200),
    items: tuple[int, ...] = (10, 30, 100),
    confidence: float = 0.95,
) -> list[Precision]:
    """Brennan (2001): variance of the mean = user/n_u + item/n_i + rest/(n_u n_i), normal interval."""
    z = float(norm.ppf(0.5 + confidence / 2))
    return [
        Precision(
            n_users,
            n_items,
            z * float(np.sqrt(components.user / n_users + components.item / n_items
                              + components.user_item / (n_users * n_items))),
        )
        for n_users in users
        for n_items in items
    ]  # fmt: skip
