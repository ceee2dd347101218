"""What a design will be able to see, from who is asked what, before any answer is there.

The variance is that of the score interval (see score_interval.py) with assumed correlations in place of
estimated ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t

from forwhom.statistics.clustering import Floats, Ints, clustered_mean, degrees_of_freedom

SAME_USER = 0.1  # assumed correlation of two verdicts of one user
SAME_ITEM = 0.4  # of two verdicts on one item: which answer a model leans to is mostly the item's
SAME_CHANGE = 0.2  # of two changes between systems, of one user or one item
CHANGED = 0.2  # share of verdicts assumed to differ between two systems, at least
POWER = 0.8


@dataclass(frozen=True)
class Foresight:
    """half_width: of the interval of an unsafe rate of one half. smallest: the difference of that rate
    against another system on the same cells that is found with a power of 80 %."""

    half_width: float
    smallest: float


def smallest_effect(
    users: Ints, items: Ints, contrast: Floats, confidence: float, compared: int = 1
) -> float:
    """The effect of layers that is found with a power of 80 %, where every run is asked these cells.

    contrast: of the runs' rates, shape (runs,); see factorial.py. Two runs' verdicts are assumed to differ as
    those of any two systems are.
    """
    m = clustered_mean(np.zeros(len(users)), users, items)
    of_change = 1 / m.n_cells + (m.user_load + m.item_load) * SAME_CHANGE
    df = degrees_of_freedom(1 - 1 / m.n_cells / of_change, m.n_cells, m.clusters)
    level = (1 - confidence) / max(compared, 1)
    reach = float(t.isf(level / 2, df)) + float(t.isf(1 - POWER, df))
    return reach * sqrt(float(contrast @ contrast) * CHANGED / 2 * of_change)


def foresee(users: Ints, items: Ints, confidence: float, compared: int = 1) -> Foresight:
    """users, items: codes of the at-risk cells, shape (n,), n at least 1. compared: how many comparisons
    the study makes; the level is divided by that, as for one true difference among many."""
    m = clustered_mean(np.zeros(len(users)), users, items)
    alone = 1 / m.n_cells

    def quantile(spread: float, tail: float) -> float:
        return float(t.isf(tail, degrees_of_freedom(1 - alone / spread, m.n_cells, m.clusters)))

    of_rate = alone + m.user_load * SAME_USER + m.item_load * SAME_ITEM
    of_change = alone + (m.user_load + m.item_load) * SAME_CHANGE
    level = (1 - confidence) / max(compared, 1)
    reach = quantile(of_change, level / 2) + quantile(of_change, 1 - POWER)
    # Verdicts that differ are at least as many as the difference.
    smallest = max(reach * sqrt(CHANGED * of_change), reach**2 * of_change)
    return Foresight(
        half_width=min(0.5, quantile(of_rate, (1 - confidence) / 2) * sqrt(0.25 * of_rate)),
        smallest=min(1.0, smallest),
    )
