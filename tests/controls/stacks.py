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
from forwhom.statistics.combinations import emergence, hypotheses, wanted
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

    rates: by combination, in place of these. shift: adds to the logit of a combination.
    """

    seed: int
    users: int
    items: int
    planted: Sequence[Combination] = ()
    base: float = 0.03
    up: float = 0.6
    rates: Callable[[Combination], float] | None = None
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
        logit = Truth(self.rate(layers), both).intercept + (self.shift(layers) if self.shift else 0.0)
        return expit(logit + user + item)

    def rate(self, layers: Combination) -> float:
        if self.rates:
            return self.rates(layers)
        return self.up if any(one <= layers for one in self.planted) else self.base

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


World = Callable[[int], Stacks]
"""By seed."""


def planted(users: int, items: int, base: float, up: float, count: int, largest: int = 3) -> World:
    """One to four sets that fail, where the rates differ at all."""

    def world(seed: int) -> Stacks:
        sets = planted_sets(np.random.default_rng(seed), count, largest) if up > base else []
        return Stacks(seed, users, items, sets, base, up)

    return world


def together_just_at(tolerance: float, users: int, items: int, base: float) -> World:
    """A pair fails as often as is tolerated, not more: no claim is true."""
    return lambda seed: Stacks(seed, users, items, rates=lambda c: tolerance if {"f0", "f1"} <= c else base)


def part_just_at(tolerance: float, users: int, items: int, base: float, up: float) -> World:
    """A pair fails, and one of its parts as often as is tolerated, which is not less: no claim is true."""

    def rate(layers: Combination) -> float:
        return up if {"f0", "f1"} <= layers else tolerance if "f0" in layers else base

    return lambda seed: Stacks(seed, users, items, rates=rate)


@dataclass(frozen=True)
class Searched:
    """planted, found: sets. false: claims of none. alarms: studies with one. cells: mean and largest
    share of the full factorial's."""

    studies: int
    planted: int
    found: int
    false: int
    alarms: int
    cells: float
    most: float


def bets_search(studies: int, world: World, tolerance: float, count: int = 8) -> Searched:
    """Searches by bets over users, after a fraction of resolution IV was asked of all of them."""
    layout = layout_of(count, CompositionSpec(resolution=4))
    start = [layout.combination(run) for run in layout.design.values()]

    def searched(one: Stacks) -> tuple[set[Combination], int]:
        def evidence(layers: Combination) -> SequentialBets:
            return SequentialBets(tolerance, ask=one.means(layers))

        settings = Settings(tolerance)
        search = Search(list(layout.parts), evidence, level=settings.level, largest=settings.largest)
        search.run(start)
        claims = search.claims(hypotheses(layout, settings.largest))
        further = sum(found.users for layers, found in search.known.items() if layers not in start)
        return {claim.layers for claim in claims}, len(start) * one.users + further

    return _searched(studies, searched, world, count)


def table_search(
    studies: int, world: World, tolerance: float, count: int, largest: int = 2, early: bool = False
) -> Searched:
    """Studies as they run: a table that grows by what the search wants; early: users one after another."""
    layout = layout_of(count, CompositionSpec(resolution=min(5, count)))
    settings = Settings(tolerance, largest=largest, early=early)

    def searched(one: Stacks) -> tuple[set[Combination], int]:
        asked = {layout.combination(run): one.everybody for run in layout.design.values()}
        grown = layout
        while True:
            table = one.table(grown, asked.items())
            more = wanted(
                table, grown, settings, lambda probe, layers, user: user not in asked.get(layers, ())
            )
            if not more:
                break
            for waiting in more:
                asked[waiting.combination] = [*asked.get(waiting.combination, []), *waiting.users]
            further = {grown.name(layers): grown.run(layers) for layers in asked}
            grown = Layout(layout.factors, layout.design, further, {})
        claims = emergence(table, grown, settings)[0].claims
        return {claim.layers for claim in claims}, sum(map(len, asked.values()))

    return _searched(studies, searched, world, count)


def _searched(
    studies: int, searched: Callable[[Stacks], tuple[set[Combination], int]], world: World, count: int
) -> Searched:
    planted = found = false = alarms = 0
    shares = []
    for seed in range(studies):
        one = world(seed)
        claims, asked = searched(one)
        right = claims & set(one.planted)
        planted, found, false = planted + len(one.planted), found + len(right), false + len(claims - right)
        alarms += claims != right
        shares.append(asked / (2**count * one.users))
    return Searched(studies, planted, found, false, alarms, float(np.mean(shares)), max(shares))


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
