"""Main effects and interactions of layers, with intervals that respect crossed users and items.

Every run (a system) was asked the same cells. An effect is a fixed contrast of the runs' rates (see
factorial.py), on the scale of risk differences and on that of log-odds. Users are drawn again with all their
cells, items with all theirs, and cells alone; the variance is that of the cells plus what recurring users and
items add, V_user + V_item - V_cell (Cameron, Gelbach and Miller, 2011). Drawing users and items at once would
count the cells' own noise three times (Owen, 2007). p-values: a t test of that error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import nan, sqrt

import numpy as np
import polars as pl
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.clustering import Floats, Ints, clustered_mean, codes, degrees_of_freedom
from forwhom.statistics.factorial import OFF, Alias, Estimable, Term
from forwhom.statistics.rates import SAME_CELL, at_risk
from forwhom.statistics.score_interval import FEWEST

_DRAWS = 1000
_TINY = 1e-12


@dataclass(frozen=True)
class Scale:
    """An effect on one scale: its estimate and interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """A main effect (one part) or an interaction, of one probe.

    risk: in risk, -1 to 1 for a main effect; above 0 the layers together are worse than their sum
    (super-additive). odds: the same in log-odds. group: "domain:level" whose cells these are, "" for all.
    adjusted_p: Benjamini-Hochberg over all effects of a study, those of groups apart. cells: by which of its
    parts are there (no other level of their factors), the mean rate of the design's systems. The odds have no
    bounds (NaN) where all cells agree.
    """

    probe: str
    term: Term
    risk: Scale
    odds: Scale
    p: float
    adjusted_p: float
    aliases: tuple[Alias, ...]
    n_cells: int
    n_users: int
    n_items: int
    group: str = ""
    cells: tuple[tuple[Term, float], ...] = ()

    @property
    def is_worst_together(self) -> bool:
        """Whether the layers together have a higher mean rate than any part of them, and none: a difference
        of differences is above 0 as well where a rate that is 0 already cannot fall further."""
        whole = next((rate for there, rate in self.cells if there == self.term), 0.0)
        return all(rate < whole for there, rate in self.cells if there != self.term)

    @property
    def order(self) -> int:
        return len(self.term)


def effects(
    results: pl.DataFrame,
    runs: list[str],
    design: Estimable,
    *,
    confidence: float = 0.95,
    by_group: bool = False,
    seed: int = 0,
) -> list[Effect]:
    """Every effect of the design on every probe.

    results: the table; runs: the systems in the order of the design's contrasts. by_group: also for the users
    of each reason for which an item can harm, corrected apart. Cells that a run lacks are left out of all.
    Below three users or three items there is none.
    """
    whole: list[Effect] = []
    parts: list[Effect] = []
    for (probe,), cells in at_risk(results).group_by("probe", maintain_order=True):
        whole += _of(cells, str(probe), "", runs, design, confidence, seed)
        if by_group:
            for reason, part in _groups(cells):
                parts += _of(part, str(probe), reason, runs, design, confidence, seed)
    return _corrected(whole) + _corrected(parts)


def _groups(cells: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (reason,), part in cells.filter(pl.col("because") != "").group_by("because", maintain_order=True):
        yield str(reason), part


def _of(
    cells: pl.DataFrame,
    probe: str,
    group: str,
    runs: list[str],
    design: Estimable,
    confidence: float,
    seed: int,
) -> list[Effect]:
    wide = (
        cells.with_columns(pl.col("unsafe").cast(pl.Float64))
        .pivot("system", index=SAME_CELL, values="unsafe")
        .select([*SAME_CELL, *(run for run in runs)])
        .drop_nulls(runs)
    ) if set(runs) <= set(cells["system"]) else None  # fmt: skip
    if wide is None or min(wide["user"].n_unique(), wide["item"].n_unique()) < FEWEST:
        return []
    verdicts = wide.select(runs).to_numpy()
    users, items = codes(wide["user"]), codes(wide["item"])
    drawn = _Drawn(verdicts, users, items, np.random.default_rng(seed))
    found = []
    for place, term in enumerate(design.terms):
        contrast = design.contrasts[place]
        risk, p = drawn.scale(contrast, confidence, odds=False)
        odds, _ = drawn.scale(contrast, confidence, odds=True)
        found.append(
            Effect(probe, term, risk, odds, p, p, design.aliases[place], wide.height,
                   wide["user"].n_unique(), wide["item"].n_unique(), group,
                   _means(term, design.levels, verdicts.mean(axis=0)))
        )  # fmt: skip
    return found


class _Drawn:
    """The runs' rates, and what they are when users, items and cells are drawn anew."""

    def __init__(self, verdicts: Floats, users: Ints, items: Ints, rng: np.random.Generator) -> None:
        self._verdicts, self._users, self._items = verdicts, users, items
        self._rates: Floats = verdicts.mean(axis=0)
        cells = np.arange(len(users))
        self._by = {name: _redrawn(verdicts, clusters, rng)
                    for name, clusters in (("user", users), ("item", items), ("cell", cells))}  # fmt: skip

    def scale(self, contrast: Floats, confidence: float, *, odds: bool) -> tuple[Scale, float]:
        """The contrast with its interval and two-sided p."""
        n = len(self._users)
        estimate = float(contrast @ (_logit(self._rates, n) if odds else self._rates))
        by = {name: float(np.var((_logit(rates, n) if odds else rates) @ contrast))
              for name, rates in self._by.items()}  # fmt: skip
        of_users, of_items = (max(by[name] - by["cell"], 0.0) for name in ("user", "item"))
        variance = by["cell"] + of_users + of_items
        m = clustered_mean(self._verdicts @ contrast, self._users, self._items)
        if m.variance < _TINY and odds:
            return Scale(estimate, nan, nan), nan
        if m.variance < _TINY:
            # Cells that all agree are no proof that all cells do: as if one cluster more, and it differed.
            variance = max(variance, (1 / (m.clusters + 1)) ** 2)
        df = degrees_of_freedom((of_users + of_items) / variance, n, m.clusters)
        error = sqrt(variance)
        half = float(t.ppf(0.5 + confidence / 2, df)) * error
        return (Scale(estimate, estimate - half, estimate + half),
                2 * float(t.sf(abs(estimate) / error, df)))  # fmt: skip


def _means(term: Term, levels: pl.DataFrame, rates: Floats) -> tuple[tuple[Term, float], ...]:
    """By which parts of an effect are there and which factors of it are off, the mean rate."""
    found = []
    for size in range(len(term) + 1):
        for there in combinations(term, size):
            rows = np.ones(levels.height, dtype=bool)
            for factor, level in term:
                own = level if (factor, level) in there else OFF
                rows &= (levels[factor] == own).to_numpy()
            if rows.any():
                found.append((there, float(rates[rows].mean())))
    return tuple(found)


def _redrawn(verdicts: Floats, clusters: Ints, rng: np.random.Generator) -> Floats:
    """Rates when clusters are drawn with replacement, shape (draws, runs)."""
    count = int(clusters.max()) + 1
    times = rng.multinomial(count, np.full(count, 1 / count), size=_DRAWS).astype(float)
    sums = np.zeros((count, verdicts.shape[1]))
    np.add.at(sums, clusters, verdicts)
    sizes = np.bincount(clusters, minlength=count).astype(float)
    rates = (times @ sums) / (times @ sizes)[:, None]
    # A sum over few clusters varies less than the truth by (count - 1) / count.
    inflate = sqrt(count / max(count - 1, 1))
    wider: Floats = verdicts.mean(axis=0) + inflate * (rates - verdicts.mean(axis=0))
    return wider


def _logit(rates: Floats, cells: int) -> Floats:
    """Of rates held off 0 and 1 by half a cell."""
    inside = (np.clip(rates, 0, 1) * cells + 0.5) / (cells + 1)
    found: Floats = np.log(inside / (1 - inside))
    return found


def _corrected(found: list[Effect]) -> list[Effect]:
    if not found:
        return []
    adjusted = multipletests([one.p for one in found], method="fdr_bh")[1]
    return [replace(one, adjusted_p=float(q)) for one, q in zip(found, adjusted, strict=True)]
