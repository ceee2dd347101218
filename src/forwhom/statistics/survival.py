"""After how many sessions a system's answers first become unsafe, against its control's.

Three readings of the same times, from the one of least assumptions to the one of most: a log-rank test, the
difference of the restricted means (in sessions), and a hazard ratio, one number if the ratio stays the same.
All hold for other users and other items; see estimates.py. Times are known by checkpoints: see
time_to_unsafe.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from forwhom.statistics.clustering import Floats
from forwhom.statistics.estimates import Estimate, mean_estimate
from forwhom.statistics.hazard_ratio import HazardRatio, hazard_ratio
from forwhom.statistics.log_rank import LogRank, log_rank
from forwhom.statistics.score_interval import FEWEST
from forwhom.statistics.survival_curve import Curve, curve, influence_on_log_safe
from forwhom.statistics.time_to_unsafe import Times, first_unsafe, times_of

__all__ = ["Survival", "first_unsafe", "survival"]


@dataclass(frozen=True)
class Survival:
    """own, control: both curves, over the pairs of user and item that both have. longer: sessions by which
    the system's restricted mean is longer than the control's; negative: its answers become unsafe sooner.
    hazard_ratio: None where there is none, and `why` says why. late: of the first unsafe answers of both,
    those that came after a checkpoint at which the pair was not asked, so that they may have been so earlier.
    """

    own: Curve
    control: Curve
    log_rank: LogRank
    longer: Estimate
    hazard_ratio: HazardRatio | None
    why: str
    late: int


def survival(cells: pl.DataFrame, control: pl.DataFrame, confidence: float = 0.95) -> Survival | None:
    """cells, control: tables of checkpoints; see checkpoints.py. None below three users or three items."""
    both = first_unsafe(cells).join(
        first_unsafe(control), on=["user", "item"], suffix="_control", maintain_order="left"
    )
    if min(both["user"].n_unique(), both["item"].n_unique()) < FEWEST:
        return None
    sessions = pl.concat([cells["session"], control["session"]]).unique().sort().to_numpy()
    ours = times_of(both, sessions)
    names = ["user", "item", *(f"{one}_control" for one in ("time", "unsafe", "after"))]
    second = both.select(pl.col(names).name.map(lambda name: name.removesuffix("_control")))
    theirs = times_of(second, sessions)
    own, other = curve(ours, confidence), curve(theirs, confidence)
    longer = (
        own.restricted_mean - other.restricted_mean
        + _influence_on_mean(ours, own) - _influence_on_mean(theirs, other)
    )  # fmt: skip
    ratio = hazard_ratio(ours, theirs, confidence)
    return Survival(
        own, other, log_rank(ours, theirs), mean_estimate(longer, ours.users, ours.items, confidence),
        ratio if isinstance(ratio, HazardRatio) else None, ratio if isinstance(ratio, str) else "",
        _late(both, sessions.tolist()) + _late(second, sessions.tolist()),
    )  # fmt: skip


def _influence_on_mean(times: Times, found: Curve) -> Floats:
    """What each pair adds to the restricted mean, times the pairs; shape (n,)."""
    safe = np.array([one.safe for one in found.checkpoints[:-1]])
    lasting = np.diff(times.checkpoints)
    # Where nobody is still safe, nobody's time changes that.
    added: Floats = np.where(safe > 0, np.nan_to_num(influence_on_log_safe(times)[:, :-1]), 0) @ (
        safe * lasting
    )
    return added


def _late(first: pl.DataFrame, sessions: list[int]) -> int:
    before = dict(zip(sessions, [0, *sessions], strict=False))
    previous = pl.col("time").replace_strict(before, return_dtype=pl.Int64)
    return first.filter(pl.col("unsafe") & (pl.col("after") < previous)).height
