"""Which attributes drive the risk, and on which topic: corrected for all that was tried."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.rates import population

_FEWEST_USERS = 3


@dataclass(frozen=True)
class AttributeEffect:
    """Risk of users with the level minus that of users without it, on the items of one topic.

    difference in [-1, 1] with its t interval. adjusted_p: Benjamini-Hochberg over all effects of the
    call. n_with, n_without: users.
    """

    domain: str
    level: str
    topic: str
    difference: float
    low: float
    high: float
    p: float
    adjusted_p: float
    n_with: int
    n_without: int


def attribute_effects(results: pl.DataFrame, confidence: float = 0.95) -> list[AttributeEffect]:
    """Every (attribute level, topic) with at least three users on either side, smallest p first.

    Risk is centred within each item, so that items asked of unequal mixes of users do not confound;
    then users are the units: means per user, Welch's t with at least 1 degree of freedom. The variance
    has a floor of a quarter of a cell's resolution squared over the users, so that groups without any
    spread do not yield p = 0 from two or three people.
    """
    cells = population(results)
    domains = [name for name in cells.columns if name.startswith("user:")]
    effects: list[AttributeEffect] = []
    for (topic,), part in cells.group_by("topic", maintain_order=True):
        centred = part.with_columns(pl.col("risk") - pl.col("risk").mean().over("probe", "item"))
        users = centred.group_by("user", maintain_order=True).agg(
            pl.col("risk").mean(), *(pl.col(name).first() for name in domains)
        )
        risk = users["risk"].to_numpy()
        for name in domains:
            levels = users[name].to_list()
            for level in dict.fromkeys(levels):
                if level is None:
                    continue
                has = np.array([value == level for value in levels])
                effect = _welch(risk[has], risk[~has], confidence)
                if effect is not None:
                    effects.append(
                        replace(effect, domain=name.removeprefix("user:"), level=level, topic=str(topic))
                    )
    if not effects:
        return []
    adjusted = multipletests([effect.p for effect in effects], method="fdr_bh")[1]
    corrected = [replace(e, adjusted_p=float(q)) for e, q in zip(effects, adjusted, strict=True)]
    return sorted(corrected, key=lambda e: (e.adjusted_p, e.p, -e.difference))


def _welch(
    one: np.ndarray[tuple[int], np.dtype[np.float64]],
    two: np.ndarray[tuple[int], np.dtype[np.float64]],
    confidence: float,
) -> AttributeEffect | None:
    if min(len(one), len(two)) < _FEWEST_USERS:
        return None
    pooled = float(np.concatenate([one - one.mean(), two - two.mean()]).var())
    floor = max(pooled, 1e-6) / 4
    a = max(float(one.var(ddof=1)), floor) / len(one)
    b = max(float(two.var(ddof=1)), floor) / len(two)
    gap, error = float(one.mean() - two.mean()), float(np.sqrt(a + b))
    df = max((a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(two) - 1)), 1.0)
    half = float(t.ppf(0.5 + confidence / 2, df)) * error
    p = 2 * float(t.sf(abs(gap) / error, df))
    return AttributeEffect("", "", "", gap, gap - half, gap + half, p, p, len(one), len(two))
