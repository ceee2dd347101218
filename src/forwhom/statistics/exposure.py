"""Whether a secret that was to be deleted is still likelier than secrets that were never told.

Exposure (Carlini et al., The Secret Sharer, arXiv:1802.08232): with r the rank of the true secret's
likelihood among those of n alternatives, log2(n) - log2(r) bits. Where nothing is left of it, every rank is
equally likely, whatever the model: the test is exact. Over several canaries exposures are summed (to a
thousandth of a bit), which is Fisher's combination of their p-values, and the distribution of that sum is
computed, not approximated.

The alternatives of one canary must be drawn as the secret was, and those of different canaries, and what a
model makes of them, be independent: draw new ones for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, prod

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import chi2

from forwhom.statistics.clustering import Floats, Ints

_GRID = 1000  # of a bit: to which exposures are rounded where they are added


@dataclass(frozen=True)
class Exposure:
    """bits: 0 to log2(among). rank: 1 is the likeliest; alternatives that are as likely count before it.
    among: the secret and its alternatives. p: one-sided, of being told as little as they are."""

    bits: float
    rank: int
    among: int

    @property
    def p(self) -> float:
        return self.rank / self.among


def exposure(secret: float, never_told: Sequence[float]) -> Exposure:
    """Log-probabilities of the secret and of at least one alternative, which was never told.

    Raises ValueError without an alternative, or where a value is not a number.
    """
    others = np.asarray(never_told, dtype=float)
    if not len(others) or np.isnan(others).any() or np.isnan(secret):
        raise ValueError(
            f"Found {len(others)} log-probabilities of secrets that were never told, or one that is not a "
            "number; expected one of them or more, and the secret's. With 99, p can reach 0.01 by one canary."
        )
    rank = 1 + int((others >= secret).sum())
    return Exposure(log2((len(others) + 1) / rank), rank, len(others) + 1)


@dataclass(frozen=True)
class Residual:
    """What is left of deleted secrets. bits: mean exposure beyond what secrets that were never told have on
    average, with its interval: that of a mean of exponential times, as theirs is, and with spreads that grow
    no faster than the mean it holds for others as well. p: one-sided, exact, of nothing being left. least_p:
    below that it cannot fall. why: "" or why nothing can be shown at the level, so that no p is small.
    """

    bits: float
    low: float
    high: float
    p: float
    least_p: float
    why: str
    n_canaries: int


def residual(canaries: Sequence[Exposure], confidence: float = 0.95) -> Residual:
    """canaries: one or more, of which nothing is told that the others' alternatives tell.

    Raises ValueError without any.
    """
    if not canaries:
        raise ValueError("Found no canary; expected the exposure of one at least.")
    count = len(canaries)
    expected = sum(float(_possible(one.among).mean()) for one in canaries) / count
    # A rank stands for all likelihoods up to the next: half a rank nearer for the upper bound.
    total, most = (sum(log2(one.among / (one.rank - half)) for one in canaries) for half in (0.0, 0.5))
    low, high = (2 * bound / float(chi2.ppf(tail, 2 * count)) for bound, tail in (
        (total, 0.5 + confidence / 2), (most, 0.5 - confidence / 2)))  # fmt: skip
    least = prod(1 / one.among for one in canaries)
    why = ""
    if least > 1 - confidence:
        why = (
            f"{count} canaries with so few alternatives can show nothing at a level of "
            f"{1 - confidence:.3g}: p is at least {least:.3g}. Add canaries, or alternatives."
        )
    most_bits = sum(log2(one.among) for one in canaries) / count  # no secret is more exposed than that
    return Residual(
        total / count - expected,
        low - expected,
        min(high, most_bits) - expected,
        _p_of_sum(canaries, least),
        least,
        why,
        count,
    )


def _p_of_sum(canaries: Sequence[Exposure], least: float) -> float:
    """The probability that never-told secrets have so large a sum of exposures."""
    chance: Floats = np.ones(1)
    for one in canaries:
        chance = fftconvolve(chance, np.bincount(_on_grid(_possible(one.among))) / one.among)
    observed = int(sum(_on_grid(np.array([one.bits]))[0] for one in canaries))
    return float(np.clip(chance[observed:].sum(), least, 1.0))


def _possible(among: int) -> Floats:
    found: Floats = np.log2(among / np.arange(1, among + 1))
    return found


def _on_grid(bits: Floats) -> Ints:
    found: Ints = np.rint(bits * _GRID).astype(np.intp)
    return found
