"""The cumulative sum that sees a rise of the risk per session soonest, at a stated rate of false alarms.

Page (1954): S grows by risk - k, never below 0, and alarms at h. The reference k lies between the baseline
and the risk that is worth seeing, where the log likelihood ratio of the two changes its sign for verdicts of
0 or 1 (Moustakides 1986: no other rule is faster at that rise with as few false alarms). k is rounded to a
fraction a/b, so that S of verdicts moves on multiples of 1/b and is a Markov chain: its mean number of
sessions up to a false alarm solves one linear system exactly (Brook and Evans 1972, here without their
rounding of S; Reynolds and Stoumbos 1999 for verdicts).

What the rate of false alarms rests on: given all that came before, whoever the user, a session's mean risk is
at most the baseline. For verdicts that is enough for it to hold exactly, whatever else sessions have in
common, since such verdicts never exceed independent ones at the baseline. It is broken where a user's earlier
sessions foretell worse than the baseline, as where some users are always failed. Risks between 0 and 1
spread less than verdicts of the same mean; that they alarm no more often is measured (docs/monitoring.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log

import numpy as np
from scipy.sparse import diags_array, eye_array
from scipy.sparse.linalg import spsolve

from forwhom.statistics.clustering import Floats
from forwhom.statistics.monitoring import Trace

_ROUNDING = 1e-9
_FINEST = 25  # b may be this large, or four times 1/k, or as it takes to lie well between the two risks


@dataclass(frozen=True)
class Cusum:
    """baseline, target: mean risk per session as accepted, and as it is worth seeing.

    reference: k. threshold: h, in units of risk. run_length: sessions up to a false alarm at the baseline, on
    average; delay: up to an alarm at the target from a level of 0, on average; both exact for verdicts.
    """

    baseline: float
    target: float
    reference: Fraction
    threshold: float
    run_length: float
    delay: float

    def trace(self, risks: Floats) -> Trace:
        """The onset is the session after S was last 0: the most likely place of the change."""
        streams, sessions = risks.shape
        level, onset = np.zeros(streams), np.zeros(streams, dtype=np.intp)
        levels, onsets = np.empty(risks.shape), np.empty(risks.shape, dtype=np.intp)
        k, alarming = float(self.reference), self.threshold - _ROUNDING
        for place in range(sessions):
            onset = np.where(level <= _ROUNDING, place, onset)
            level = np.maximum(level + risks[:, place] - k, 0.0)
            levels[:, place], onsets[:, place] = level, onset
            level = np.where(level >= alarming, 0.0, level)
        return Trace(levels, levels >= alarming, onsets)

    def after(self, level: float, risk: float) -> tuple[float, bool]:
        """One session of one stream: the level that the next one begins with, and whether this one alarms."""
        reached = max(level + risk - float(self.reference), 0.0)
        alarms = reached >= self.threshold - _ROUNDING
        return (0.0 if alarms else reached), alarms


def design_cusum(baseline: float, target: float, run_length: float) -> Cusum:
    """The lowest threshold at which a false alarm takes, on average, at least `run_length` sessions.

    0 < baseline < target < 1; run_length at least 1.
    """
    k = _reference(baseline, target)
    # Below one unsafe session's step nothing changes for verdicts, but a trace of risk would alarm.
    low = k.denominator - k.numerator - 1  # the lowest is above this one
    high = k.denominator
    while average_run_length(k, high, baseline) < run_length:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        enough = average_run_length(k, middle, baseline) >= run_length
        low, high = (low, middle) if enough else (middle, high)
    return Cusum(
        baseline, target, k, high / k.denominator,
        average_run_length(k, high, baseline), average_run_length(k, high, target),
    )  # fmt: skip


def average_run_length(reference: Fraction, threshold: int, rate: float) -> float:
    """Sessions up to an alarm, on average, from a level of 0, where each is unsafe with probability `rate`.

    threshold: in units of 1/reference.denominator, at least 1.
    """
    down, up = reference.numerator, reference.denominator - reference.numerator
    size = threshold
    moves = eye_array(size)
    if size > down:
        moves = moves - diags_array([np.full(size - down, 1 - rate)], offsets=[-down], shape=(size, size))
    if size > up:
        moves = moves - diags_array([np.full(size - up, rate)], offsets=[up], shape=(size, size))
    to_zero = np.zeros((size, 1))
    to_zero[: min(down, size)] = 1 - rate
    # Levels below `down` all fall to 0: one dense column, taken apart so that the rest stays banded.
    solved = spsolve(moves.tocsc(), np.hstack([np.ones((size, 1)), to_zero]))
    without, back = np.asarray(solved).reshape(size, 2)[0]
    return float(without / max(1 - back, 1e-300))


def _reference(baseline: float, target: float) -> Fraction:
    stay = log((1 - baseline) / (1 - target))
    exact = stay / (stay + log(target / baseline))
    finest = max(_FINEST, ceil(4 / exact), ceil(4 / (1 - exact)))
    near = 0.1 * min(exact - baseline, target - exact)
    while abs((k := Fraction(exact).limit_denominator(finest)) - exact) > near:
        finest *= 2
    return k
