"""How many pairs of user and item are still answered safely after so many sessions, for one system.

The product-limit estimate of Kaplan and Meier (1958) is that of lifelines. Its variance there takes pairs
to be independent; here it is that of the estimate's influence function, summed within users and within items
(Williams, 1995, for one kind of cluster), and the interval is made on the log(-log) scale with a t quantile.
Where nothing or everything had become unsafe, it is the score interval of a share.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite, log

import numpy as np

from forwhom.statistics.clustering import Floats, clustered_mean
from forwhom.statistics.estimates import t_interval
from forwhom.statistics.score_interval import rate_score
from forwhom.statistics.time_to_unsafe import Times

_TINY = 1e-12


@dataclass(frozen=True)
class Checkpoint:
    """at_risk: pairs that were still safe before it and are known at it; events: first unsafe answers of
    them. safe: the share that is still safe after it, with its interval."""

    session: int
    at_risk: int
    events: int
    safe: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """median: the checkpoint at which half or fewer are still safe, None where that was not reached.
    restricted_mean: sessions until the first unsafe answer, of at most those up to the last checkpoint.
    """

    checkpoints: tuple[Checkpoint, ...]
    median: float | None
    restricted_mean: float
    events: int
    n_pairs: int
    n_users: int
    n_items: int


def curve(times: Times, confidence: float) -> Curve:
    """The curve, its risk table, and what it comes to. times: of at least one pair."""
    # lifelines takes seconds to import, and whoever has no sessions need not wait for it.
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    fitted = KaplanMeierFitter().fit(times.time, times.seen, timeline=np.r_[0, times.checkpoints])
    safe: Floats = fitted.survival_function_.to_numpy()[1:, 0]
    n_risk, events = times.at_risk.sum(axis=0), times.events.sum(axis=0)
    influence = influence_on_log_safe(times)
    table = [
        Checkpoint(
            int(session), int(n_risk[k]), int(events[k]), float(safe[k]),
            *_interval(times, float(safe[k]), influence[:, k], confidence),
        )
        for k, session in enumerate(times.checkpoints)
    ]  # fmt: skip
    median = float(fitted.median_survival_time_)
    mean = restricted_mean_survival_time(fitted, t=float(times.checkpoints[-1]))
    return Curve(
        tuple(table), median if isfinite(median) else None, float(mean), int(events.sum()),
        len(times.time), len(np.unique(times.users)), len(np.unique(times.items)),
    )  # fmt: skip


def influence_on_log_safe(times: Times) -> Floats:
    """What each pair adds to the log of the share still safe, times the pairs; shape (n, checkpoints).

    Columns at which nobody is still safe are not finite.
    """
    at_risk, events = times.at_risk, times.events
    n_risk = at_risk.sum(axis=0)
    hazard = np.divide(events.sum(axis=0), n_risk, out=np.zeros(len(n_risk)), where=n_risk > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = (events - hazard * at_risk) / (n_risk * (1 - hazard))
    steps[:, n_risk == 0] = 0
    return -len(at_risk) * np.cumsum(steps, axis=1)


def _interval(times: Times, safe: float, influence: Floats, confidence: float) -> tuple[float, float]:
    if not _TINY < safe < 1 - _TINY:
        shares = np.full(len(times.time), round(safe), dtype=float)
        return rate_score(shares, times.users, times.items).interval(confidence)
    # On log(-log S) the derivative by log S is 1 / log S.
    scaled = influence / log(safe)
    low, high = t_interval(clustered_mean(scaled, times.users, times.items), confidence)
    centre = log(-log(safe))
    return exp(-exp(min(centre + high, 700.0))), exp(-exp(max(centre + low, -inf)))
