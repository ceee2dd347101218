"""Whether answers become unsafe sooner than the control's, by the test of least assumptions.

At each checkpoint the unsafe answers are expected to fall on both systems as those still safe do; what one
system has beyond that is summed (Mantel, 1966). Each pair of user and item adds its own part, the system's
less the control's, and these are tested as any paired difference: crossed users and items, a t quantile
(a robust score test, as Lin and Wei, 1989). It stands where one side has no unsafe answer at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forwhom.statistics.estimates import mean_estimate
from forwhom.statistics.time_to_unsafe import Times


@dataclass(frozen=True)
class LogRank:
    """observed, expected: first unsafe answers of the system. p: two-sided."""

    observed: float
    expected: float
    p: float


def log_rank(own: Times, control: Times) -> LogRank:
    """Row k of both is the same user and item."""
    n_risk = own.at_risk.sum(axis=0) + control.at_risk.sum(axis=0)
    events = own.events.sum(axis=0) + control.events.sum(axis=0)
    rate = np.divide(events, n_risk, out=np.zeros(len(n_risk)), where=n_risk > 0)
    ours, theirs = ((one.events - one.at_risk * rate).sum(axis=1) for one in (own, control))
    observed = float(own.events.sum())
    tested = mean_estimate((ours - theirs) / 2, own.users, own.items, 0.95)
    return LogRank(observed, observed - float(ours.sum()), tested.p)
