"""Which attribute drives the risk, and on which topic: corrected for all that was tried.

Risk is centred within each item, so that items asked of unequal mixes of users do not confound; then
users are the units. On every topic the level with the largest t is taken and its p computed by permuting
users: how often the largest of all levels is as large by chance (Westfall and Young, 1993). Topics are
corrected by Benjamini and Hochberg. Neither normal risks nor many users are assumed: with Student's t
instead, a handful of users against many raised false alarms in up to a quarter of simulated studies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.clustering import Floats
from forwhom.statistics.rates import population

_FEWEST_USERS = 3
_PERMUTATIONS = 4999
_FLOOR = 1e-4  # of a variance: groups without any spread must not yield p = 0 out of a handful of people
EVERYWHERE = ""
"""The topic of an effect over all topics together."""


@dataclass(frozen=True)
class AttributeEffect:
    """Risk of users with the level minus that of users without it, on the items of one topic.

    estimate in [-1, 1] with a t interval of its own, not simultaneous. p: of the topic's largest
    difference, over all levels tried on it; adjusted_p: over the family too (all topics, or all of a study).
    n_with, n_without: users.
    """

    domain: str
    level: str
    topic: str
    estimate: float
    low: float
    high: float
    p: float
    adjusted_p: float
    n_with: int
    n_without: int


def attribute_effects(
    results: pl.DataFrame, confidence: float = 0.95, seed: int = 0, permutations: int = _PERMUTATIONS
) -> list[AttributeEffect]:
    """The strongest effect on each topic and over all topics together, smallest p first.

    A level counts where at least three users have it and three have not. results: the cells of one
    system and probe that are to be compared (those at risk).
    """
    cells = population(results).with_columns(
        centred=pl.col("risk") - pl.col("risk").mean().over("probe", "item")
    )
    topics = [(str(topic), part) for (topic,), part in cells.group_by("topic", maintain_order=True)]
    if len(topics) > 1:
        topics.insert(0, (EVERYWHERE, cells))
    rng = np.random.default_rng(seed)
    found = [_strongest(part, topic, confidence, rng, permutations) for topic, part in topics]
    effects = [effect for effect in found if effect is not None]
    if not effects:
        return []
    adjusted = multipletests([effect.p for effect in effects], method="fdr_bh")[1]
    corrected = [replace(e, adjusted_p=float(q)) for e, q in zip(effects, adjusted, strict=True)]
    return sorted(corrected, key=lambda e: (e.adjusted_p, e.p, -e.estimate))


def _strongest(
    cells: pl.DataFrame, topic: str, confidence: float, rng: np.random.Generator, permutations: int
) -> AttributeEffect | None:
    domains = [name for name in cells.columns if name.startswith("user:")]
    users = cells.group_by("user", maintain_order=True).agg(
        pl.col("centred").mean(), *(pl.col(name).first() for name in domains)
    )
    names = [
        (name, level)
        for name in domains
        for level in users[name].drop_nulls().unique(maintain_order=True)
        if _FEWEST_USERS <= (users[name] == level).sum() <= users.height - _FEWEST_USERS
    ]
    risk = users["centred"].to_numpy()
    if not names or float(risk.var()) < 1e-12:
        return None
    has = np.stack([(users[name] == level).fill_null(False).to_numpy() for name, level in names], axis=1)
    observed = _student(risk[None, :], has)[0]
    best = int(np.abs(observed).argmax())
    shuffled = rng.permuted(np.tile(risk, (permutations, 1)), axis=1)
    largest = np.abs(_student(shuffled, has)).max(axis=1)
    p = float(1 + (largest >= abs(observed[best]) - 1e-9).sum()) / (permutations + 1)
    domain, level = names[best][0].removeprefix("user:"), str(names[best][1])
    return _effect(risk, has[:, best], confidence, AttributeEffect(domain, level, topic, 0, 0, 0, p, p, 0, 0))


def _student(risk: Floats, has: npt.NDArray[np.bool_]) -> Floats:
    """Student's t of every level; risk: shape (draws, users), has: (users, levels)."""
    n, n_with = risk.shape[1], has.sum(axis=0)
    total, squares = risk.sum(axis=1, keepdims=True), (risk**2).sum(axis=1, keepdims=True)
    with_sum = risk @ has.astype(float)
    one, two = with_sum / n_with, (total - with_sum) / (n - n_with)
    within = squares - n_with * one**2 - (n - n_with) * two**2
    error = np.sqrt(np.maximum(within / (n - 2), _FLOOR) * (1 / n_with + 1 / (n - n_with)))
    statistic: Floats = (one - two) / error
    return statistic


def _effect(
    risk: Floats, has: npt.NDArray[np.bool_], confidence: float, named: AttributeEffect
) -> AttributeEffect:
    one, two = risk[has], risk[~has]
    df = len(risk) - 2
    squares = float(((one - one.mean()) ** 2).sum() + ((two - two.mean()) ** 2).sum())
    error = float(np.sqrt(max(squares / df, _FLOOR) * (1 / len(one) + 1 / len(two))))
    gap = float(one.mean() - two.mean())
    half = float(t.ppf(0.5 + confidence / 2, df)) * error
    return replace(named, estimate=gap, low=gap - half, high=gap + half, n_with=len(one), n_without=len(two))
