"""Oracle stacks of layers: what is unsafe is planted, and the search and the effects have to find it.

Every user and item has a normal effect on the logit scale, the same under every combination; verdicts are
drawn anew for each. `python -m tests.controls.stacks_measured` prints the tables of docs/composition.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from scipy.special import expit

from forwhom.statistics.betting import SequentialBets
from forwhom.statistics.combinations import emergence, wanted
from forwhom.statistics.decidable import Settings
from forwhom.statistics.emergence import Combination, Search
from forwhom.statistics.factorial import OFF, Term, estimable
from forwhom.statistics.interactions import effects
from forwhom.statistics.layout import BASE, Layout
from forwhom.statistics.mixed_model import mixed_model
from forwhom.studies.designs import runs_of
from forwhom.studies.factors import CompositionSpec, FactorSpec
from tests.controls.oracle import Truth


def factors(count: int) -> list[FactorSpec]:
    return [FactorSpec(name=f"f{i}", layers=({"prompting": None},)) for i in range(count)]


def layout_of(count: int, spec: CompositionSpec) -> Layout:
    """The layout of a study of that many factors, its design that of `spec`."""
    own = factors(count)
    runs = {
        "+".join(f for f, level in run.items() if level != OFF) or BASE: run for run in runs_of(own, spec)
    }
    return Layout({one.name: ("on",) for one in own}, runs, {}, {})


@dataclass
class Stacks:
    """A world: combinations that hold one of `planted` fail at the rate `up`, the others at `base`.

    shift: adds to the logit of a combination, in place of planted sets.
    """

    seed: int
    users: int
    items: int
    planted: Sequence[Combination] = ()
    base: float = 0.03
    up: float = 0.6
    shift: Callable[[Combination], float] | None = None
    spread: float = 0.7

    @cached_property
    def _effects(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(self.seed)
        return rng.normal(0, self.spread, (self.users, 1)), rng.normal(0, self.spread, (1, self.items))

    def chance(self, layers: Combination) -> np.ndarray:
        """The probability of a failure, shape (users, items)."""
        user, item = self._effects
        both = float(np.hypot(self.spread, self.spread))
        rate = self.up if any(one <= layers for one in self.planted) else self.base
        logit = Truth(rate, both).intercept + (self.shift(layers) if self.shift else 0.0)
        return expit(logit + user + item)

    def verdicts(self, layers: Combination) -> np.ndarray:
        rng = np.random.default_rng([self.seed, *(ord(c) for name in sorted(layers) for c in name)])
        return rng.random((self.users, self.items)) < self.chance(layers)

    def means(self, layers: Combination) -> Callable[[int, int], list[float]]:
        found = self.verdicts(layers).mean(axis=1).tolist()
        return lambda first, count: found[first : first + count]

    def table(self, layout: Layout, asked: Iterable[tuple[Combination, Sequence[str]]]) -> pl.DataFrame:
        """The results of those combinations and users, as far as the statistics read them."""
        rows = []
        for layers, users in asked:
            verdicts = self.verdicts(layers)
            rows += [
                {"system": layout.name(layers), "user": user, "item": f"i{i:02}", "unsafe": bool(v)}
                for user in users for i, v in enumerate(verdicts[int(user[1:])])
            ]  # fmt: skip
        same = {"probe": "p", "session": 1, "replicate": 1, "at_risk": True, "because": "", "risk_id": "r"}
        return pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in same.items()})

    @property
    def everybody(self) -> list[str]:
        return [f"u{i:03}" for i in range(self.users)]


def planted_sets(rng: np.random.Generator, count: int, largest: int = 3) -> list[Combination]:
    """One to four sets of size one to `largest`, none a part of another."""
    sets: list[Combination] = []
    for _ in range(rng.integers(1, 5)):
        names = [f"f{i}" for i in rng.choice(count, size=rng.integers(1, largest + 1), replace=False)]
        one = frozenset(names)
        if not any(one <= other or other <= one for other in sets):
            sets.append(one)
    return sets


@dataclass(frozen=True)
class Searched:
    """planted, found: sets. false: claims of none. alarms: studies with a false claim. fdp: mean share of
    false claims. cells: mean and largest share of the full factorial's."""

    studies: int
    planted: int
    found: int
    false: int
    fdp: float
    cells: float
    most: float


def bets_search(
    studies: int, users: int, items: int, base: float, up: float, tolerance: float, count: int = 8
) -> Searched:
    """Searches by bets over users, begun from a fraction of resolution IV."""
    layout = layout_of(count, CompositionSpec(resolution=4))
    start = [layout.combination(run) for run in layout.design.values()]

    def searched(world: Stacks) -> tuple[set[Combination], float]:
        def evidence(layers: Combination) -> SequentialBets:
            return SequentialBets(tolerance, ask=world.means(layers))

        search = Search(list(layout.parts), evidence)
        return {one.layers for one in search.run(start)}, search.asked / (2**count * users)

    return _searched(studies, searched, users, items, base, up, count)


def table_search(
    studies: int,
    users: int,
    items: int,
    base: float,
    up: float,
    tolerance: float,
    count: int,
    largest: int = 2,
    early: bool = False,
) -> Searched:
    """Studies as they run: a table that grows by what the search wants; early: users one after another."""
    layout = layout_of(count, CompositionSpec(resolution=min(5, count)))
    settings = Settings(tolerance, largest=largest, early=early)

    def searched(world: Stacks) -> tuple[set[Combination], float]:
        asked = {layout.combination(run): world.everybody for run in layout.design.values()}
        grown = layout
        while True:
            table = world.table(grown, asked.items())
            more = wanted(
                table, grown, settings, lambda probe, layers, user: user not in asked.get(layers, ())
            )
            if not more:
                break
            for one in more:
                asked[one.combination] = [*asked.get(one.combination, []), *one.users]
            further = {grown.name(layers): grown.run(layers) for layers in asked}
            grown = Layout(layout.factors, layout.design, further, {})
        claims = emergence(table, grown, settings)[0].claims
        return {one.layers for one in claims}, sum(map(len, asked.values())) / (2**count * users)

    return _searched(studies, searched, users, items, base, up, count)


def _searched(
    studies: int, searched: Callable[[Stacks], tuple[set[Combination], float]],
    users: int, items: int, base: float, up: float, count: int,
) -> Searched:  # fmt: skip
    planted = found = false = 0
    shares, cells = [], []
    for seed in range(studies):
        sets = planted_sets(np.random.default_rng(seed), count) if up > base else []
        claims, share = searched(Stacks(seed, users, items, sets, base, up))
        planted, found = planted + len(sets), found + len(claims & set(sets))
        false += len(claims - set(sets))
        shares.append(len(claims - set(sets)) / max(len(claims), 1))
        cells.append(share)
    return Searched(studies, planted, found, false, float(np.mean(shares)), float(np.mean(cells)), max(cells))


@dataclass(frozen=True)
class Estimated:
    """alarms: studies with any effect shown where there is none; covered: intervals that hold the truth, of
    `intervals`; seen: studies in which the planted effect was shown; agreed: those in which the mixed model
    sees it, too."""

    studies: int
    alarms: int
    covered: int
    intervals: int
    seen: int
    agreed: int


def estimates(studies: int, users: int, items: int, size: float = 0.0, count: int = 5) -> Estimated:
    """A study of `count` factors, resolution V, of which f0 and f1 interact by `size` (log-odds)."""
    layout = layout_of(count, CompositionSpec(resolution=5))
    design = estimable(layout.table, 2)
    runs = list(layout.design)
    both: Term = (("f0", "on"), ("f1", "on"))
    alarms = covered = intervals = seen = agreed = 0
    for seed in range(studies):
        world = Stacks(seed, users, items, base=0.3, shift=lambda c: size * ({"f0", "f1"} <= c))
        asked = [(layout.combination(run), world.everybody) for run in layout.design.values()]
        table = world.table(layout, asked)
        rates = np.array([_rate(world, layers) for layers, _ in asked])
        found = effects(table, runs, design)
        truths = design.contrasts @ rates
        for one, truth in zip(found, truths, strict=True):
            covered += one.risk.low <= truth <= one.risk.high
        intervals += len(found)
        shown = [one for one in found if one.adjusted_p < 0.05]
        alarms += any(abs(truths[design.terms.index(one.term)]) < 1e-9 for one in shown)
        seen += both in [one.term for one in shown]
        if seed < 20:
            odds = mixed_model(table, "p", layout.table, runs, design).odds[both]
            agreed += odds.low > 0
    return Estimated(studies, alarms, covered, intervals, seen, agreed)


def _rate(world: Stacks, layers: Combination) -> float:
    """Over all users and items, not those that were drawn."""
    both = float(np.hypot(world.spread, world.spread))
    logit = Truth(world.base, both).intercept + (world.shift(layers) if world.shift else 0.0)
    nodes, weights = Truth.nodes()
    return float(weights @ expit(logit + both * nodes))
