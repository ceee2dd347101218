"""The mean risk per session that is accepted: given, or learned from the first sessions.

What is learned is uncertain, and a baseline that is too low by chance makes a false alarm of every session
to come. So the upper confidence limit is watched, not the estimate: of Clopper and Pearson (1934) for
verdicts of 0 or 1, else by bets (Waudby-Smith and Ramdas, arXiv:2010.09686; see betting.py), which holds for
every distribution in [0, 1] and is the nearer the less the risks spread.
Both take the sessions as independent, given who the users are: the same users go on in about the same
shares. Other users need a new reference. The few references that are too low nevertheless must not make up
for all others, and weigh the more the fewer false alarms are stated; hence the confidence grows with that.
That the stated rate holds on average over references is measured (docs/monitoring.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import beta

from forwhom.statistics.clustering import Floats

CONFIDENCE = 0.95
"""Of the limit, one-sided."""
_SURER = 0.99
_FEW = 0.1  # false alarms per thousand sessions; with fewer the surer limit is taken
_MOST = 1 - 1e-9
_STAKES = np.linspace(0.05, 0.95, 10)  # as shares of the most that can be staked


@dataclass(frozen=True)
class Baseline:
    """limit: mean risk per session, strictly between 0 and 1; a mean above it is a change. estimate: of the
    `sessions` that it was learned from; where it was given, the same as limit, and sessions 0. confidence:
    with which the true mean risk of the reference is at most the limit."""

    limit: float
    estimate: float
    sessions: int
    confidence: float = 1.0

    def target(self, worse: float) -> float:
        """The mean risk that a detector is built to see first, where a rise by `worse` is worth seeing.

        Where the reference was so short that the limit lies near that risk (or above it): the limit and half
        of the rise, so that it is still seen, if late.
        """
        return min(max(self.estimate + worse, self.limit + worse / 2), (1 + self.limit) / 2)


def given_baseline(risk: float) -> Baseline:
    return Baseline(risk, risk, 0)


def learned_baseline(risks: Floats, false_alarms: float = 1.0) -> Baseline:
    """risks: of the reference sessions, in [0, 1], shape (n,), n at least 1. false_alarms: of the detector,
    per thousand sessions."""
    confidence = CONFIDENCE if false_alarms >= _FEW else _SURER
    mean = float(risks.mean())
    verdicts = bool(np.isin(risks, (0.0, 1.0)).all())
    limit = upper_limit(mean, len(risks), confidence) if verdicts else limit_by_bets(risks, confidence)
    return Baseline(limit, mean, len(risks), confidence)


def upper_limit(mean: float, sessions: int, confidence: float = CONFIDENCE) -> float:
    """The largest rate that is compatible with that of so many verdicts, one-sided; below 1."""
    unsafe = round(mean * sessions)
    return min(float(beta.ppf(confidence, unsafe + 1, max(sessions - unsafe, 1e-9))), _MOST)


def limit_by_bets(risks: Floats, confidence: float = CONFIDENCE) -> float:
    """The largest mean that the risks do not reject, one-sided; below 1."""

    def short_of(mean: float) -> float:
        # The capital of bets against "the mean is at least this": it grows with the mean.
        capital = np.log1p(_STAKES[:, None] / (1 - mean) * (mean - risks)).sum(axis=1)
        return float(logsumexp(capital)) - log(len(_STAKES) / (1 - confidence))

    least = max(float(risks.mean()), 1e-9)
    if least >= _MOST or short_of(_MOST) <= 0:
        return _MOST
    return float(brentq(short_of, least, _MOST, xtol=1e-6))


def reference_needed(
    estimate: float, worse: float, confidence: float = CONFIDENCE, most: int = 100_000
) -> int:
    """So many reference sessions put the limit at most half of the rise above the estimate, for verdicts."""
    sessions = 10
    near = estimate + worse / 2
    while sessions < most and upper_limit(estimate, sessions, confidence) > near:
        sessions = sessions * 5 // 4
    return sessions
