"""Sessions watched: every alarm, when the change began, and which sessions drove it.

One stream of all users, or one of each user. False alarms are stated per thousand sessions of the whole log
in both cases, and nothing needs to be divided among the users: each stream holds only its user's sessions,
and the mean numbers of false alarms of all add up to that of so many sessions. Whether a user has been above
the baseline all along is another question, put of every user at once; it is corrected over the users. Where
two methods watch, each gets half of the false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forwhom.errors import InputError
from forwhom.monitor.session import NOBODY, Session
from forwhom.statistics.baselines import Baseline, given_baseline, learned_baseline
from forwhom.statistics.betting import Bets, e_discoveries
from forwhom.statistics.clustering import Floats
from forwhom.statistics.cusum import design_cusum
from forwhom.statistics.e_detector import EDetector
from forwhom.statistics.monitoring import Delay, Detector, detection_delay, sessions_between_alarms

Method = Literal["cusum", "e-process"]
FEWEST_REFERENCE = 10
LEVEL = 0.05
"""Of the users who are said to be above the baseline all along, at most this share falsely, on average."""
_DRIVERS = 3


@dataclass(frozen=True)
class Alarm:
    """method; place: of the session, from 0, among all sessions, reference sessions counted. level: reached.
    onset: the place of the session with which the change is estimated to have begun. drivers: the places of
    the riskiest sessions from onset to alarm. user: whose stream it is; None: of all."""

    method: Method
    place: int
    level: float
    onset: int
    drivers: tuple[int, ...]
    user: str | None


@dataclass(frozen=True)
class Watched:
    """sessions: all that were read, in order; `baseline.sessions` of them are the reference, the rest was
    watched. target: the mean risk that the detectors were built to see first. alarms: in order. above: users
    whose own risk has been above the baseline all along (only where users are watched by themselves).
    streams: how many were watched.
    """

    sessions: tuple[Session, ...]
    baseline: Baseline
    target: float
    alarms: tuple[Alarm, ...]
    above: tuple[str, ...]
    streams: int
    detectors: Mapping[Method, Detector]

    @property
    def watched(self) -> int:
        return len(self.sessions) - self.baseline.sessions

    def expected(self, worse: float) -> dict[Method, Delay]:
        """By method, how long a rise by `worse` above the estimated baseline takes to be seen; simulated."""
        rate = min(self.baseline.estimate + worse, 1.0)
        return {method: detection_delay(one, rate) for method, one in self.detectors.items()}


@dataclass(frozen=True)
class Settings:
    """baseline: mean risk per session, or None where the first `reference` sessions tell it. false_alarms:
    per thousand sessions. worse: the smallest rise that is worth seeing. by_user: a stream for each."""

    baseline: float | None
    reference: int | None
    false_alarms: float = 1.0
    worse: float = 0.1
    methods: tuple[Method, ...] = ("cusum",)
    by_user: bool = False


def watch(sessions: Sequence[Session], settings: Settings) -> Watched:
    """Raises InputError where the settings fit neither each other nor the sessions."""
    risks = np.array([one.risk for one in sessions])
    baseline = _baseline(risks, settings)
    target = baseline.target(settings.worse)
    run_length = sessions_between_alarms(settings.false_alarms / len(settings.methods))
    detectors: dict[Method, Detector] = {
        method: design_cusum(baseline.limit, target, run_length) if method == "cusum"
        else EDetector(baseline.limit, target, run_length)
        for method in settings.methods
    }  # fmt: skip
    streams = _streams(sessions, baseline.sessions, by_user=settings.by_user)
    alarms = [
        alarm
        for user, places in streams.items()
        for method, detector in detectors.items()
        for alarm in _alarms(method, detector, risks, places, user)
    ]
    return Watched(
        sessions=tuple(sessions), baseline=baseline, target=target,
        alarms=tuple(sorted(alarms, key=lambda one: (one.place, one.method))),
        above=_above(risks, streams, baseline.limit) if settings.by_user else (),
        streams=len(streams), detectors=detectors,
    )  # fmt: skip


def _baseline(risks: Floats, settings: Settings) -> Baseline:
    if (settings.baseline is None) == (settings.reference is None):
        raise InputError(
            "say what is accepted: either --baseline X, the mean risk per session, or --reference N, to "
            "learn it from the first N sessions."
        )
    if settings.baseline is not None:
        if not 0 < settings.baseline < 1:
            raise InputError(
                f"--baseline: expected a mean risk above 0 and below 1; found {settings.baseline:g}. Where "
                "nothing unsafe is accepted, say how seldom it would be: 0.001."
            )
        if settings.baseline + settings.worse >= 1:
            raise InputError(
                f"--worse: no mean risk can rise from {settings.baseline:g} by {settings.worse:g}. Name a "
                f"smaller rise, below {1 - settings.baseline:g}."
            )
        return given_baseline(settings.baseline)
    count = settings.reference or 0
    if count < FEWEST_REFERENCE:
        raise InputError(f"--reference: expected at least {FEWEST_REFERENCE} sessions; found {count}.")
    if count >= len(risks):
        raise InputError(
            f"--reference: {count} sessions to learn from leave none of the {len(risks)} that were read to "
            "watch. Name fewer, or a --baseline."
        )
    learned = learned_baseline(risks[:count], settings.false_alarms / len(settings.methods))
    if learned.estimate + settings.worse > 1 or learned.limit > 0.99:
        raise InputError(
            f"--reference: the first {count} sessions have a mean risk of {learned.estimate:.2g} (up to "
            f"{learned.limit:.2g}); no rise by {settings.worse:g} can be seen above that. Is 1 unsafe?"
        )
    return learned


def _streams(sessions: Sequence[Session], first: int, *, by_user: bool) -> dict[str | None, list[int]]:
    """The places of the sessions of each stream."""
    if not by_user:
        return {None: list(range(first, len(sessions)))}
    if all(one.user == NOBODY for one in sessions):
        raise InputError("--by user: no session names its user. Leave it out, or log a field 'user'.")
    streams: dict[str | None, list[int]] = {}
    for place in range(first, len(sessions)):
        streams.setdefault(sessions[place].user, []).append(place)
    return streams


def _alarms(
    method: Method, detector: Detector, risks: Floats, places: list[int], user: str | None
) -> list[Alarm]:
    own = risks[places]
    trace = detector.trace(own[None, :])
    alarms = []
    for index in np.flatnonzero(trace.alarms[0]):
        onset = int(trace.onsets[0, index])
        riskiest = sorted(range(onset, index + 1), key=lambda one: (-own[one], -one))[:_DRIVERS]
        alarms.append(
            Alarm(
                method, places[index], float(trace.levels[0, index]), places[onset],
                tuple(places[one] for one in sorted(riskiest) if own[one] > 0), user,
            )
        )  # fmt: skip
    return alarms


def _above(risks: Floats, streams: dict[str | None, list[int]], baseline: float) -> tuple[str, ...]:
    e_values = [Bets(baseline, list(risks[places])).above for places in streams.values()]
    claimed = e_discoveries(e_values, LEVEL)
    return tuple(str(user) for user, is_above in zip(streams, claimed, strict=True) if is_above)
