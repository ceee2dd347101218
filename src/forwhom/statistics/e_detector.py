"""Bets that the risk per session has risen above a baseline, begun anew with every session.

Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change detection"
(arXiv:2203.03532), of the kind of Shiryaev and Roberts: with the stake s,

    M_t = (1 + M_{t-1}) * (1 + s * (risk_t - baseline)),   M_0 = 0,

is the sum of the capital of one bettor who began at each session so far; the level is its mean over several
stakes. As long as, given all that came before, a session's mean risk is at most the baseline, M_t - t falls
on average. Hence, for every n: the mean number of alarms in n sessions is at most n / threshold (each
starts M at 0 again, and by then it has cost `threshold`), and so is the probability of any. That holds for
every distribution in [0, 1], every dependence within that condition, and for every place to stop looking. It
also holds for the sum over several detectors that watch one user each: n is then the sessions of them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forwhom.statistics.clustering import Floats
from forwhom.statistics.monitoring import Trace

_STAKES = 6


@dataclass(frozen=True)
class EDetector:
    """baseline, target: mean risk per session as accepted, and as it is worth seeing. threshold: the mean
    number of sessions up to a false alarm is at least this."""

    baseline: float
    target: float
    threshold: float

    @property
    def stakes(self) -> Floats:
        """Each grows fastest at one rise of verdicts' rate (Kelly 1956), from half of what is worth seeing
        to nearly certain failure; shape (stakes,)."""
        certain = 0.95 * (1 - self.baseline)
        smallest = min((self.target - self.baseline) / 2, certain)
        return np.geomspace(smallest, certain, _STAKES) / (self.baseline * (1 - self.baseline))

    def trace(self, risks: Floats) -> Trace:
        """The onset is where the best bettor of the stake that has won most began."""
        streams, sessions = risks.shape
        stakes = self.stakes
        capital, best = np.zeros((streams, len(stakes))), np.zeros((streams, len(stakes)))
        begun = np.zeros(best.shape, dtype=np.intp)
        levels, onsets = np.empty(risks.shape), np.empty(risks.shape, dtype=np.intp)
        rows = np.arange(streams)
        for place in range(sessions):
            won = 1 + stakes * (risks[:, place, None] - self.baseline)
            begun = np.where(best <= 1, place, begun)
            best = np.maximum(best, 1.0) * won
            capital = (1 + capital) * won
            level = capital.mean(axis=1)
            levels[:, place], onsets[:, place] = level, begun[rows, capital.argmax(axis=1)]
            again = level >= self.threshold
            capital[again], best[again] = 0.0, 0.0
        return Trace(levels, levels >= self.threshold, onsets)
