"""Which attribute drives the risk, and on which topic: corrected for all that was tried.

Least squares of risk on having the level, with an effect of every item and a random one of every user:
users with the level are compared with users without it on the same items, so that unequal mixes of items
do not confound. Both sides are centred within items (Frisch and Waugh, 1933), and what is left of a user is
one sum, whose variance follows from how many of which items the user was asked. On every topic the level
with the largest standardized estimate is taken and its p computed by permuting users: how often the largest
of all levels is as large by chance (Westfall and Young, 1993). Topics are corrected by Benjamini and
Hochberg. Normal risks are not assumed: with Student's t instead, a handful of users against many raised
false alarms in up to a quarter of simulated studies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.clustering import Floats, codes
from forwhom.statistics.rates import population

_FEWEST_USERS = 3
_PERMUTATIONS = 4999
_FLOOR = 1e-4  # of a variance: risks without any spread must not yield p = 0 out of a handful of people
_TINY = 1e-9
EVERYWHERE = ""
"""The topic of an effect over all topics together."""


@dataclass(frozen=True)
class AttributeEffect:
    """Risk of users with the level minus that of users without it, on the same items of one topic.

    estimate in [-1, 1] with a t interval of its own, not simultaneous. p: of the topic's largest
    difference, over all levels tried on it; adjusted_p: over the family too (all topics, or all of a study).
    n_with, n_without: users who share items with others and so can be compared.
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

    A level counts where at least three users have it and three have not, and some item was asked of both.
    results: the cells of one system and probe that are to be compared (those at risk).
    """
    cells = population(results)
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


@dataclass(frozen=True)
class _Centred:
    """Risk of U users, centred within items. sums: of each user, shape (U,). within: L, shape (U, U), so
    that indicators h, centred likewise, have the sum of squares h'Lh, and user effects a give sums La.
    rest: the variance of one cell; user: of the users' effects."""

    sums: Floats
    within: Floats
    squares: float
    cells_left: int

    def variance(self, residual: Floats, squares: float) -> Floats:
        """Of the users' sums, shape (U, U): rest * L + user * L L, the two by the method of moments."""
        both = self.within @ self.within
        a, b, c = float(self.cells_left), float(np.trace(self.within)), float(np.trace(both))
        sums = float(residual @ residual)
        # Expected: squares = rest * a + user * b; sums of squared sums = rest * b + user * c.
        rest, user = np.linalg.lstsq(np.array([[a, b], [b, c]]), np.array([squares, sums]), rcond=None)[0]
        if user < 0:
            rest, user = squares / a, 0.0
        elif rest < 0:
            rest, user = 0.0, sums / c
        found: Floats = max(float(rest), _FLOOR) * self.within + float(user) * both
        return found


def _centred(cells: pl.DataFrame) -> tuple[_Centred, pl.DataFrame]:
    """The sums, and the users they belong to, a row each; only users who share an item with another."""
    domains = [name for name in cells.columns if name.startswith("user:")]
    cells = (
        cells.group_by("user", "probe", "item", maintain_order=True)
        .agg(pl.col("risk").mean(), *(pl.col(name).first() for name in domains))
        .filter(pl.len().over("probe", "item") > 1)
        .with_columns(risk=pl.col("risk") - pl.col("risk").mean().over("probe", "item"))
    )
    users = cells.group_by("user", maintain_order=True).agg(*(pl.col(name).first() for name in domains))
    place = {user: index for index, user in enumerate(users["user"])}
    row, column = np.array([place[user] for user in cells["user"]], dtype=int), codes(
        cells["probe"] + "/" + cells["item"])  # fmt: skip
    risk = cells["risk"].to_numpy()
    asked = np.zeros((users.height, int(column.max(initial=-1)) + 1))
    asked[row, column] = 1.0
    within = np.diag(asked.sum(axis=1)) - (asked / asked.sum(axis=0, keepdims=True)) @ asked.T
    sums: Floats = np.bincount(row, risk, minlength=users.height).astype(np.float64)
    return _Centred(sums, within, float(risk @ risk), len(risk) - asked.shape[1]), users


def _strongest(
    cells: pl.DataFrame, topic: str, confidence: float, rng: np.random.Generator, permutations: int
) -> AttributeEffect | None:
    centred, users = _centred(cells)
    if users.height < 2 * _FEWEST_USERS or centred.squares < _TINY:
        return None
    names, columns = [], []
    for name in (name for name in users.columns if name.startswith("user:")):
        for level in users[name].drop_nulls().unique(maintain_order=True):
            has = (users[name] == level).fill_null(False).to_numpy().astype(float)
            enough = _FEWEST_USERS <= has.sum() <= users.height - _FEWEST_USERS
            if enough and float(has @ centred.within @ has) > _TINY:
                names.append((name.removeprefix("user:"), str(level)))
                columns.append(has)
    if not names:
        return None
    spread = centred.variance(centred.sums, centred.squares)
    observed = [abs(float(_standardized(has[None, :], centred.sums, spread)[0])) for has in columns]
    best = int(np.argmax(observed))
    order = rng.permuted(np.tile(np.arange(users.height), (permutations, 1)), axis=1)
    largest = np.zeros(permutations)
    for has in columns:
        np.maximum(largest, np.abs(_standardized(has[order], centred.sums, spread)), out=largest)
    p = float(1 + (largest >= observed[best] - _TINY).sum()) / (permutations + 1)
    return _effect(
        centred, columns[best], confidence, AttributeEffect(*names[best], topic, 0, 0, 0, p, p, 0, 0)
    )


def _standardized(has: Floats, sums: Floats, spread: Floats) -> Floats:
    """The score of having the level over its standard deviation without an effect; has: (draws, users)."""
    variance = np.einsum("du,du->d", has @ spread, has)
    score: Floats = np.where(variance > _TINY, has @ sums / np.sqrt(np.maximum(variance, _TINY)), 0.0)
    return score


def _effect(centred: _Centred, has: Floats, confidence: float, named: AttributeEffect) -> AttributeEffect:
    information = float(has @ centred.within @ has)
    gap = float(has @ centred.sums) / information
    # What the level does not explain is what the interval rests on.
    residual = centred.sums - gap * (centred.within @ has)
    spread = centred.variance(residual, max(centred.squares - gap**2 * information, 0.0))
    error = float(np.sqrt(has @ spread @ has)) / information
    half = float(t.ppf(0.5 + confidence / 2, max(len(has) - 2, 1))) * error
    n_with = int(has.sum())
    return replace(
        named, estimate=gap, low=max(-1.0, gap - half), high=min(1.0, gap + half),
        n_with=n_with, n_without=len(has) - n_with,
    )  # fmt: skip
