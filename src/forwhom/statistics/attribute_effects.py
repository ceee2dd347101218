"""Which attribute drives the risk, and on which topic: corrected for all that was tried.

Least squares of risk on having the level, with an effect of every item and a random one of every user:
users with the level are compared with users without it on the same items, so that unequal mixes of items
do not confound. Both sides are centred within items (Frisch and Waugh, 1933), and what is left of a user is
one sum, whose variance follows from how many of which items the user was asked. On every topic the level
that raises the risk most, in standard errors, is taken and its p computed by permuting users: how often the
largest of all levels is as large by chance (Westfall and Young, 1993). The test is one-sided: that those
without a harmed attribute fare better is no second finding. Topics are corrected by Benjamini and Hochberg.
Normal risks are not assumed: with Student's t instead, a handful of users against many raised false alarms
in up to a quarter of simulated studies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.clustering import Floats, codes
from forwhom.statistics.rates import population
from forwhom.statistics.score_interval import FEWEST

_PERMUTATIONS = 4999
_BATCH = 500
_ENOUGH = 50  # as large by chance: p is known well enough to be no finding (Besag and Clifford, 1991)
_FLOOR = 1e-4  # of a variance: risks without any spread must not yield p = 0 out of a handful of people
_TINY = 1e-9
EVERYWHERE = ""
"""The topic of an effect over all topics together."""


@dataclass(frozen=True)
class AttributeEffect:
    """Risk of users with the level minus that of users without it, on the same items of one topic.

    estimate in [-1, 1] with a t interval of its own, not simultaneous. p: one-sided, of the topic's largest
    excess, over all levels tried on it; adjusted_p: over the family too (all topics, or all of a study).
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
    """What raises the risk most on each topic and over all topics together, smallest p first.

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
    that indicators h, centred likewise, have the sum of squares h'Lh, and user effects a give sums La."""

    sums: Floats
    within: Floats
    squares: float
    cells_left: int

    def without(self, gap: float, has: Floats) -> _Centred:
        """What is left when having the level adds `gap` to the risk."""
        explained = self.within @ has
        squares = self.squares - 2 * gap * float(has @ self.sums) + gap**2 * float(has @ explained)
        return replace(self, sums=self.sums - gap * explained, squares=max(squares, 0.0))

    def weights(self) -> Floats:
        """W, shape (U, U): a sum's variance is rest * L + user * L L, and generalized least squares of
        having a level is h'WS / h'LWh with variance 1 / h'LWh. rest and user by the method of moments."""
        both = self.within @ self.within
        a, b, c = float(self.cells_left), float(np.trace(self.within)), float(np.trace(both))
        sums = float(self.sums @ self.sums)
        # Expected: squares = rest * a + user * b; sum of squared sums = rest * b + user * c.
        moments = np.array([[a, b], [b, c]]), np.array([self.squares, sums])
        rest, user = np.linalg.lstsq(*moments, rcond=None)[0]
        if user < 0:
            rest, user = self.squares / a, 0.0
        elif rest < 0:
            rest, user = 0.0, sums / c
        scale, basis = np.linalg.eigh(self.within)
        found: Floats = (basis / (max(float(rest), _FLOOR) + float(user) * scale.clip(0))) @ basis.T
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
    if users.height < 2 * FEWEST or centred.squares < _TINY:
        return None
    names, columns = [], []
    for name in (name for name in users.columns if name.startswith("user:")):
        for level in users[name].drop_nulls().unique(maintain_order=True):
            has = (users[name] == level).fill_null(False).to_numpy().astype(float)
            enough = FEWEST <= has.sum() <= users.height - FEWEST
            if enough and float(has @ centred.within @ has) > _TINY:
                names.append((name.removeprefix("user:"), str(level)))
                columns.append(has)
    if not names:
        return None
    weights = centred.weights()
    sums, information = weights @ centred.sums, centred.within @ weights
    observed = [float(_standardized(has[None, :], sums, information)[0]) for has in columns]
    best = int(np.argmax(observed))
    drawn = exceeded = 0
    while drawn < permutations and exceeded < _ENOUGH:
        batch = min(_BATCH, permutations - drawn)
        order = rng.permuted(np.tile(np.arange(users.height), (batch, 1)), axis=1)
        largest = np.full(batch, -np.inf)
        for has in columns:
            np.maximum(largest, _standardized(has[order], sums, information), out=largest)
        drawn += batch
        exceeded += int((largest >= observed[best] - _TINY).sum())
    p = float(1 + exceeded) / (drawn + 1)
    named = AttributeEffect(*names[best], topic, 0, 0, 0, p, p, 0, 0)
    return _effect(centred, columns[best], confidence, named)


def _standardized(has: Floats, sums: Floats, information: Floats) -> Floats:
    """The estimate over its standard error; has: shape (draws, users)."""
    known = np.einsum("du,du->d", has @ information, has)
    score: Floats = np.where(known > _TINY, has @ sums / np.sqrt(np.maximum(known, _TINY)), 0.0)
    return score


def _effect(centred: _Centred, has: Floats, confidence: float, named: AttributeEffect) -> AttributeEffect:
    # The variances are those of what the level does not explain: first by its plain estimate.
    plain = float(has @ centred.sums) / float(has @ centred.within @ has)
    weights = centred.without(plain, has).weights()
    information = float(has @ centred.within @ weights @ has)
    gap = float(has @ weights @ centred.sums) / information
    half = float(t.ppf(0.5 + confidence / 2, max(len(has) - 2, 1))) / float(np.sqrt(information))
    n_with = int(has.sum())
    return replace(
        named, estimate=gap, low=max(-1.0, gap - half), high=min(1.0, gap + half),
        n_with=n_with, n_without=len(has) - n_with,
    )  # fmt: skip
