"""Streams of risk whose mean is known, and how often a detector alarms on them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from forwhom.statistics.baselines import Baseline, given_baseline, learned_baseline
from forwhom.statistics.clustering import Floats
from forwhom.statistics.cusum import design_cusum
from forwhom.statistics.e_detector import EDetector
from forwhom.statistics.monitoring import Detector, sessions_between_alarms


@dataclass(frozen=True)
class Stream:
    """rate: mean risk per session. grades: the risk of an unsafe session; below 1 the more sessions are.

    spread: how much the risk differs from session to session, as the standard deviation of its logit drawn
    anew for each: users who come in random order. users, user_spread: so many users who take turns at random,
    each with a rate of their own that stays (the mean over users is `rate` exactly); 0: none.
    """

    rate: float
    grades: float = 1.0
    spread: float = 0.0
    users: int = 0
    user_spread: float = 0.0


@dataclass(frozen=True)
class Alarms:
    """rate: per thousand sessions; error: its standard error, over streams."""

    rate: float
    error: float


def stationary(stream: Stream, streams: int, sessions: int, seed: int) -> Floats:
    """Risks in [0, 1], shape (streams, sessions)."""
    rng = np.random.default_rng(seed)
    shape = (streams, sessions)
    rates = np.full(shape, stream.rate / stream.grades)
    if stream.spread:
        rates = to_mean(np.exp(stream.spread * rng.normal(size=shape)), stream.rate / stream.grades)
    if stream.users:
        own = to_mean(np.exp(stream.user_spread * rng.normal(size=(streams, stream.users))), stream.rate)
        rates = np.take_along_axis(own, rng.integers(stream.users, size=shape), axis=1) / stream.grades
    return (rng.random(shape) < rates) * stream.grades


def alarms_per_thousand(detector: Detector, risks: Floats) -> Alarms:
    counts = detector.trace(risks).alarms.sum(axis=1) * (1000 / risks.shape[1])
    return _alarms(counts, risks.shape[1])


def detector_of(kind: str, limit: float, target: float, false_alarms: float) -> Detector:
    run_length = sessions_between_alarms(false_alarms)
    if kind == "cusum":
        return design_cusum(limit, target, run_length)
    return EDetector(limit, target, run_length)


def learned_alarms(
    kind: str, stream: Stream, reference: int, worse: float, false_alarms: float,
    *, references: int, sessions: int, seed: int, by_limit: bool = True,
) -> Alarms:  # fmt: skip
    """The baseline is learned anew from each of `references` streams, of which the rest is watched.

    by_limit: as it is done; else the estimate is taken for the truth, to see what the limit is for.
    """
    risks = stationary(stream, references, reference + sessions, seed)
    alike: dict[Baseline, list[int]] = {}
    for place, row in enumerate(risks):
        learned = learned_baseline(row[:reference], false_alarms)
        if not by_limit:
            learned = given_baseline(max(learned.estimate, 0.5 / reference))
        alike.setdefault(learned, []).append(place)
    counts = np.zeros(references)
    for learned, places in alike.items():
        detector = detector_of(kind, learned.limit, learned.target(worse), false_alarms)
        counts[places] = detector.trace(risks[places, reference:]).alarms.sum(axis=1) * (1000 / sessions)
    return _alarms(counts, sessions)


def _alarms(counts: Floats, sessions: int) -> Alarms:
    # Not below what one alarm in all streams is worth: none seen is not known to be none.
    least = 1000 / sessions / len(counts)
    return Alarms(float(counts.mean()), max(float(counts.std(ddof=1)) / sqrt(len(counts)), least))


def to_mean(weights: Floats, mean: float) -> Floats:
    """In proportion to the weights along the last axis, none above 1, with exactly this mean."""
    rates = weights * (mean / weights.mean(axis=-1, keepdims=True))
    for _ in range(50):
        rates = np.minimum(rates, 1.0)
        rates = rates * (mean / rates.mean(axis=-1, keepdims=True))
    return np.minimum(rates, 1.0)
