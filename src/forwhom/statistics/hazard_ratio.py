"""How many times as likely an answer is to become unsafe, from one moment to the next, as the control's.

Times are known by checkpoints only, so that many are equal. Cox's partial likelihood, with whatever rule for
equal times, then finds a ratio that is too near 1. The likelihood of the grouped times (Prentice and
Gloeckler, 1978) does not: a binomial model of each checkpoint's risk with the link log(-log(1 - p)), a level
for each checkpoint, whose coefficient is the same log hazard ratio. It is fitted by statsmodels.

The variance is that of the estimate's influence function, summed within users and within items; a pair's
answers from both systems are summed first. The ratio is that over all users and items: it is nearer 1 than
one user's where users or items differ much in their risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from forwhom.statistics.clustering import Floats
from forwhom.statistics.estimates import Estimate, mean_estimate
from forwhom.statistics.time_to_unsafe import Times


@dataclass(frozen=True)
class HazardRatio:
    """above 1: the system's answers become unsafe sooner. p: two-sided, of a ratio of 1."""

    ratio: float
    low: float
    high: float
    p: float


def hazard_ratio(own: Times, control: Times, confidence: float) -> HazardRatio | str:
    """The ratio, or why there is none. Row k of both is the same user and item."""
    for name, times in (("system", own), ("control", control)):
        if not times.seen.any():
            return f"No answer of the {name} became unsafe: the hazard ratio has no bound on one side."
    pair, arm, place, unsafe = _asks(own, control)
    told = [k for k in np.unique(place) if 0 < unsafe[place == k].mean() < 1]
    kept = np.isin(place, told)
    pair, arm, place, unsafe = pair[kept], arm[kept], place[kept], unsafe[kept]
    for name, side in (("system", 1), ("control", 0)):
        if not 0 < unsafe[arm == side].sum() < (arm == side).sum():
            return (
                f"At the checkpoints at which some answers became unsafe and others did not, the {name}'s "
                "were all alike: the hazard ratio has no bound on one side."
            )
    design = np.column_stack([arm, *(place == k for k in told)]).astype(float)
    found = _log_ratio(design, unsafe, pair, own, confidence)
    return HazardRatio(exp(found.estimate), exp(found.low), exp(found.high), found.p)


def _log_ratio(design: Floats, unsafe: Floats, pair: Floats, own: Times, confidence: float) -> Estimate:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.families.links import CLogLog
    from statsmodels.genmod.generalized_linear_model import GLM

    start = np.r_[0.0, np.log(-np.log1p(-design[:, 1:].T @ unsafe / design[:, 1:].sum(axis=0)))]
    fitted = GLM(unsafe, design, family=Binomial(link=CLogLog()), hasconst=True).fit(start_params=start)
    scores = fitted.model.score_obs(fitted.params)
    row = np.linalg.inv(-fitted.model.hessian(fitted.params))[0]
    n = len(own.time)
    influence: Floats = n * np.bincount(pair, weights=scores @ row, minlength=n).astype(float)
    values: Floats = fitted.params[0] + influence
    return mean_estimate(values, own.users, own.items, confidence)


def _asks(own: Times, control: Times) -> tuple[Floats, Floats, Floats, Floats]:
    """Each ask while its pair was still safe: the pair's row, 1 for the system, its checkpoint, 1 if unsafe.

    Four arrays of shape (asks,).
    """
    parts = []
    for side, times in ((1, own), (0, control)):
        pair, place = np.nonzero(times.at_risk)
        parts.append((pair, np.full(len(pair), side), place, times.events[pair, place]))
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))  # type: ignore[return-value]
