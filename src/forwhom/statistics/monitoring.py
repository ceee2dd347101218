"""What watches a stream of risks says: its level after every session, when it alarms, and since when.

A stream is the risk of one session after the other, each in [0, 1]. After an alarm a detector starts anew,
so that the number of its alarms per thousand sessions is a rate that can be stated and counted.

`Cusum` (cusum.py) is the faster one; `EDetector` (e_detector.py) promises more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forwhom.statistics.clustering import Floats, Ints

Bools = npt.NDArray[np.bool_]
PER = 1000
"""False alarms are stated per so many sessions."""


@dataclass(frozen=True)
class Trace:
    """Of streams side by side, each of shape (streams, sessions).

    levels: after each session, before the new start that an alarm brings; an alarm is a level of at least
    the detector's threshold. onsets: the place of the first session of what the level has grown from; of an
    alarm, where the change is estimated to have begun.
    """

    levels: Floats
    alarms: Bools
    onsets: Ints


class Detector(Protocol):
    """Watches for a mean risk above a baseline."""

    @property
    def threshold(self) -> float: ...

    def trace(self, risks: Floats) -> Trace:
        """risks: in [0, 1], shape (streams, sessions)."""
        ...


def sessions_between_alarms(false_alarms: float) -> float:
    """The mean number of sessions from a start to a false alarm, at so many per thousand sessions."""
    return PER / false_alarms


@dataclass(frozen=True)
class Delay:
    """How many sessions after a rise an alarm comes, over simulated streams of verdicts (0 or 1).

    mean: the longest waits cut off at `longest`. late: nine of ten alarms come no later. missed: the share
    of streams without an alarm within `longest`, of which `late` may be one.
    """

    mean: float
    late: float
    missed: float
    longest: int


def detection_delay(
    detector: Detector, rate: float, streams: int = 300, longest: int = 2000, seed: int = 1
) -> Delay:
    """How long it takes where the rise is there at once and the detector has just started: from a higher
    level, as after some sessions, it takes no longer. rate: of unsafe sessions after the rise."""
    drawn = np.random.default_rng(seed).random((streams, longest))
    alarms = detector.trace((drawn < rate).astype(float)).alarms
    waited = np.where(alarms.any(axis=1), alarms.argmax(axis=1) + 1, longest)
    return Delay(
        float(waited.mean()), float(np.quantile(waited, 0.9)), float(1 - alarms.any(axis=1).mean()), longest
    )
