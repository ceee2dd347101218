"""How varied choices are, and how unlike two lots of choices, from few of each.

Counted shares make an entropy too small and a divergence too large, the more so the fewer choices there are.
Both are corrected to the first order: entropy as Miller (1955) and Madow did, by (kinds seen - 1) / 2n, and
the divergence by the same expansion of its three entropies.
"""

from __future__ import annotations

from math import log

import numpy as np
from scipy.stats import entropy as of_shares

from forwhom.statistics.clustering import Floats, Ints

_BIT = log(2)


def entropy(counts: Floats | Ints) -> float:
    """In bits. counts: of each kind, shape (kinds,), with a sum of at least 1."""
    return float(of_shares(counts)) / _BIT + _missed(counts)


def divergence(first: Floats | Ints, second: Floats | Ints) -> float:
    """That of Jensen and Shannon, in bits, equal weights; 0: the same, 1: nothing in common.

    first, second: counts over the same kinds, shape (kinds,), each with a sum of at least 1. It may fall a
    little below 0 by the correction: cut off, its mean would be too large.
    """
    p, q = first / first.sum(), second / second.sum()
    middle = (p + q) / 2
    between = float(of_shares(middle) - (of_shares(p) + of_shares(q)) / 2) / _BIT
    variance = (p * (1 - p) / first.sum() + q * (1 - q) / second.sum()) / 4
    there = middle > 0
    missed = float((variance[there] / middle[there]).sum()) / 2 / _BIT
    return between + missed - (_missed(first) + _missed(second)) / 2


def _missed(counts: Floats | Ints) -> float:
    return float((np.count_nonzero(counts) - 1) / (2 * counts.sum()) / _BIT)
