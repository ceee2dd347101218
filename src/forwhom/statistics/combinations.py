"""Emergent combinations of a results table: what was found, and who is to be asked for more.

A search (see emergence.py) is replayed on the table from its beginning: what it reads is there, or is wanted
next. So a study that was interrupted goes on, and a report says the same as the run did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from forwhom.statistics.betting import SequentialBets
from forwhom.statistics.clustering import effective
from forwhom.statistics.decidable import Decidable, Settings
from forwhom.statistics.emergence import (
    Combination,
    Emergent,
    Evidence,
    Search,
    Verdict,
    claimed,
    subsets_up_to,
)
from forwhom.statistics.fixed_sample import WholeSample
from forwhom.statistics.layout import Layout
from forwhom.statistics.rates import at_risk

CanAsk = Callable[[str, Combination, str], bool]
"""(probe, combination, user) -> whether that may still be asked."""


class Wanted(Exception):  # noqa: N818 - no error: what a search waits for
    """That these users be asked a probe with a combination."""

    def __init__(self, probe: str, combination: Combination, users: tuple[str, ...]) -> None:
        super().__init__(probe, combination, users)
        self.probe, self.combination, self.users = probe, combination, users


@dataclass(frozen=True)
class Measured:
    """One combination: how it stands to the tolerance at the search's level, its rate and users."""

    layers: Combination
    verdict: Verdict
    rate: float
    users: int


@dataclass(frozen=True)
class Emergence:
    """What was found on one probe, for all users at risk or for a group of them ("domain:level").

    claims: emergent, corrected over all probes (over all groups of all probes). open: unsafe, with no part
    that was found unsafe, and not claimed. contradictions: (unsafe, safe) where more layers were safer.
    powerless: why nothing could be claimed, "" where it could.
    """

    probe: str
    group: str
    tolerance: float
    claims: list[Emergent]
    open: list[Combination]
    measured: list[Measured]
    contradictions: list[tuple[Combination, Combination]]
    powerless: str


def emergence(results: pl.DataFrame, layout: Layout, settings: Settings) -> list[Emergence]:
    """For every probe, and then for every group of users that is large enough to tell."""
    return [
        one for parts in _families(results, layout, settings) for one in _searched(parts, layout, settings)
    ]


def wanted(results: pl.DataFrame, layout: Layout, settings: Settings, can_ask: CanAsk) -> list[Wanted]:
    """What each search would ask next, of all users and of groups; empty where all have ended."""
    found = []
    for parts in _families(results, layout, settings):
        counted = hypotheses(layout, settings.largest) * len(parts)
        for (probe, _), cells in parts.items():
            replay = _Replay(probe, cells, layout, Decidable(settings, counted), can_ask)
            try:
                replay.run()
                replay.search.claims(counted)
            except Wanted as one:
                found.append(one)
    return found


def hypotheses(layout: Layout, largest: int) -> int:
    """Combinations that are looked at on a probe: all up to the largest that is looked for."""
    if layout.exclude:
        sets = subsets_up_to(list(layout.parts), largest)
        return sum(not layout.is_excluded(one) for one in sets)
    of_size = [1]  # as a polynomial: the product of (1 + levels x) over factors
    for levels in layout.factors.values():
        longer, shifted = [*of_size, 0], [0, *(len(levels) * one for one in of_size)]
        of_size = [a + b for a, b in zip(longer, shifted, strict=True)]
    return sum(of_size[1 : largest + 1])


Part = tuple[str, str]
"""A probe, and the group of users ("" for all)."""


def _families(results: pl.DataFrame, layout: Layout, settings: Settings) -> list[dict[Part, pl.DataFrame]]:
    """The cells of what is searched: of every probe; and of every group that is large enough to tell. The
    claims of each family are corrected together."""
    systems = list(layout.by_combination.values())
    cells = at_risk(results).filter(pl.col("system").is_in(systems))
    probes = {(str(probe), ""): part for (probe,), part in cells.group_by("probe", maintain_order=True)}
    one = Decidable(settings, hypotheses(layout, settings.largest))
    groups = {
        (str(probe), str(reason)): part
        for (probe, reason), part in cells.filter(pl.col("because") != "")
        .group_by("probe", "because", maintain_order=True)
        if not one.why_not(part["user"].n_unique(), _items(part))
    }  # fmt: skip
    return [probes, groups]


def _searched(parts: Mapping[Part, pl.DataFrame], layout: Layout, settings: Settings) -> list[Emergence]:
    """Searches of what is there; their claims are corrected together."""
    counted = hypotheses(layout, settings.largest) * max(len(parts), 1)
    replays = {
        key: _Replay(key[0], cells, layout, Decidable(settings, counted)) for key, cells in parts.items()
    }
    candidates = {}
    for key, replay in replays.items():
        replay.run()
        candidates[key] = replay.search.candidates(counted)
    kept = claimed([one for found in candidates.values() for one in found], settings.level, counted)
    found = []
    for (probe, group), replay in replays.items():
        own = candidates[probe, group]
        claims = [one for one in kept if any(one is mine for mine in own)]
        replay.search.protect(claims)
        found.append(
            Emergence(
                probe, group, settings.tolerance, claims,
                [one for one in replay.search.unsafe() if one not in {claim.layers for claim in claims}],
                replay.measured, replay.search.contradictions(), replay.why_not(),
            )
        )  # fmt: skip
    return found


class _Replay:
    """A search that reads one probe's cells, and raises Wanted for what may be asked and is not there."""

    def __init__(
        self,
        probe: str,
        cells: pl.DataFrame,
        layout: Layout,
        decidable: Decidable,
        can_ask: CanAsk = lambda probe, combination, user: False,
    ) -> None:
        settings = decidable.settings
        self._probe, self._layout, self._can_ask = probe, layout, can_ask
        self._tolerance, self._none = settings.tolerance, cells.clear()
        self._cells = {
            str(name): part for (name,), part in cells.partition_by("system", as_dict=True).items()
        }
        self._means = {
            name: dict(part.group_by("user").agg(pl.col("unsafe").mean()).rows())
            for name, part in self._cells.items()
        }
        self._users = _users(cells, layout, settings.seed)
        self._early = decidable.is_early(len(self._users))
        self._powerless = decidable.why_not(len(self._users), _items(cells))
        self.search = Search(
            list(layout.parts), self._evidence, layout.protective_parts, layout.is_excluded,
            level=settings.level, largest=settings.largest,
        )  # fmt: skip

    def run(self) -> None:
        """Begin with the design; where nothing can be shown, nothing is asked beyond it."""
        if self._powerless:
            self._can_ask = lambda probe, combination, user: False
        self.search.run([self._layout.combination(run) for run in self._layout.design.values()])

    def why_not(self) -> str:
        """Why nothing can be claimed, "" where it can."""
        if self._powerless or self.search.standing(frozenset()) == "safe":
            return self._powerless
        rate = self.search.known[frozenset()].rate
        return (
            f"Without any layer the rate is {rate:.0%}, not shown to be below the tolerance of "
            f"{100 * self._tolerance:.3g}%: no combination of layers can be said to make it unsafe."
        )

    @property
    def measured(self) -> list[Measured]:
        return [
            Measured(combination, self.search.standing(combination), one.rate, one.users)
            for combination, one in self.search.known.items()
            if one.users
        ]

    def _evidence(self, combination: Combination) -> Evidence:
        if self._early:
            return SequentialBets(self._tolerance, ask=partial(self._ask, combination))
        return WholeSample(self._tolerance, partial(self._whole, combination))

    def _ask(self, combination: Combination, first: int, count: int) -> list[float]:
        have = self._means.get(self._layout.by_combination.get(combination, ""), {})
        there = [one for one in self._users if one in have or self._can_ask(self._probe, combination, one)]
        batch = there[first : first + count]
        if lacking := tuple(one for one in batch if one not in have):
            raise Wanted(self._probe, combination, lacking)
        return [have[one] for one in batch]

    def _whole(self, combination: Combination) -> pl.DataFrame:
        self._ask(combination, 0, len(self._users))
        return self._cells.get(self._layout.by_combination.get(combination, ""), self._none)


def _items(cells: pl.DataFrame) -> int:
    return effective(cells["item"].value_counts()["count"].to_numpy())


def _users(cells: pl.DataFrame, layout: Layout, seed: int) -> list[str]:
    """Those at risk, in an order that does not depend on their answers."""
    base = layout.by_combination[frozenset()]

    def place(user: str) -> str:
        return hashlib.sha256(f"{seed}:{user}".encode()).hexdigest()

    return sorted(cells.filter(pl.col("system") == base)["user"].unique().to_list(), key=place)
