"""What the search for emergent combinations finds, claims and asks, in worlds whose truth is known."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from forwhom.statistics.betting import Bets, e_discoveries, users_needed
from forwhom.statistics.combinations import emergence, hypotheses, wanted
from forwhom.statistics.decidable import Decidable, Settings
from forwhom.statistics.emergence import Combination, Emergent, Search, claimed
from forwhom.statistics.layout import BASE, Layout
from tests.controls.stacks import (
    Stacks,
    bets_search,
    estimates,
    part_just_at,
    planted,
    table_search,
    together_just_at,
)

PAIR = frozenset({"f0", "f1"})
FULL = {"design": "full"}


class Known:
    """Evidence of a rate that is known: decided as soon as anybody is asked."""

    is_e_value = True

    def __init__(self, rate: float, tolerance: float = 0.2) -> None:
        self.rate, self.users = rate, 0
        self._tolerance = tolerance

    @property
    def above(self) -> float:
        return 1e9 if self.users and self.rate > self._tolerance else 0.0

    @property
    def below(self) -> float:
        return 1e9 if self.users and self.rate < self._tolerance else 0.0

    def extend(self, above: float, below: float) -> None:
        self.users = 1


def search(rate: Callable[[Combination], float], count: int = 8, **settings: object) -> Search:
    return Search([f"f{i}" for i in range(count)], lambda c: Known(rate(c)), **settings)  # type: ignore[arg-type]


def told(world: Stacks, layout: Layout, asked: dict[Combination, list[str]]) -> pl.DataFrame:
    return world.table(layout, asked.items())


def test_planted_sets_are_found_at_a_fraction_of_the_cells() -> None:
    found = bets_search(20, planted(64, 12, 0.03, 0.6, 8), 0.2)
    assert found.planted > 30
    assert found.found >= 0.95 * found.planted
    assert found.false == 0
    assert found.most <= 0.4


def test_sets_are_found_in_tables_that_grow_by_what_the_search_wants() -> None:
    found = table_search(10, planted(12, 12, 0.05, 0.95, 5, largest=2), 0.5, 5)
    assert (found.found, found.false) == (found.planted, 0)


@pytest.mark.parametrize("world", [together_just_at(0.2, 64, 12, 0.03), part_just_at(0.2, 64, 12, 0.03, 0.6)])
def test_claims_that_are_all_but_true_are_made_in_at_most_one_study_of_twenty(world: object) -> None:
    assert bets_search(60, world, 0.2).alarms <= 3  # type: ignore[arg-type]


def test_effects_cover_and_a_planted_one_is_seen() -> None:
    found = estimates(8, 12, 6, 2.0)
    assert found.covered >= 0.93 * found.intervals
    assert (found.seen, found.agreed) == (8, 8)


def test_where_it_is_unsafe_without_any_layer_nothing_is_asked_beyond_the_design() -> None:
    one = search(lambda c: 0.9)
    one.run([PAIR])
    assert set(one.known) == {frozenset(), PAIR}
    assert one.claims(100) == []


def test_a_set_with_a_part_that_is_not_shown_to_be_safe_is_not_asked() -> None:
    one = search(lambda c: 0.2 if "f0" in c else 0.05)  # just the tolerance: neither
    one.run()
    assert one.minimal == [frozenset({"f0"})]
    assert len(one.known) <= 2 + len(one.factors)  # shrunk to it, and the others are safe together
    assert one.claims(100) == []


def test_what_is_claimed_is_measured_with_every_layer_that_protects() -> None:
    one = search(
        lambda c: 0.9 if c >= PAIR and "f3" not in c else 0.05, 5, protective=frozenset({"f3", "f4"})
    )
    one.run()
    (claim,) = one.claims(100)
    assert claim.layers == PAIR
    assert one.standing(PAIR | {"f3"}) == "safe"
    assert one.standing(PAIR | {"f4"}) == "unsafe"


def test_a_set_that_is_larger_than_what_was_looked_for_is_not_claimed() -> None:
    three = frozenset({"f0", "f1", "f2"})
    rate = lambda c: 0.9 if c >= three else 0.05  # noqa: E731
    for largest, found in ((3, {three}), (2, set())):
        one = search(rate, 5, largest=largest)
        one.run([frozenset({"f0", "f1", "f2", "f3"})])
        assert {claim.layers for claim in one.claims(100)} == found


def emergent(name: str, evidence: float, *, is_e_value: bool) -> Emergent:
    return Emergent(frozenset({name}), evidence, is_e_value, 0.9, frozenset(), 0.1)


def test_two_e_values_help_each_other_and_p_values_stand_alone() -> None:
    # 10 hypotheses at 5 %: one e-value has to reach 200, two have to reach 100.
    e = [emergent("a", 120, is_e_value=True), emergent("b", 110, is_e_value=True)]
    p = [emergent("a", 120, is_e_value=False), emergent("b", 210, is_e_value=False)]
    assert claimed(e, 0.05, 10) == e
    assert claimed(e[:1], 0.05, 10) == []
    assert claimed(p, 0.05, 10) == p[1:]
    assert e_discoveries([120, 110], 0.05, 10) == [True, True]


def test_no_bet_wins_on_average_at_the_tolerance() -> None:
    rng = np.random.default_rng(1)
    finals = [Bets(0.3, list(rng.random(20) < 0.3)) for _ in range(4000)]
    for side in ("above", "below"):
        ends = np.array([getattr(one, side) for one in finals])
        assert ends.mean() < 1 + 3 * ends.std() / np.sqrt(len(ends))
        assert (ends >= 20).mean() <= 0.05


def test_as_many_users_are_needed_as_decide_and_no_search_for_them_runs_away() -> None:
    needed = users_needed(0.2, 900, 100_000)
    enough, short = Bets(0.2, [0.0] * needed), Bets(0.2, [0.0] * (needed - 1))
    assert enough.below >= 900 > short.below
    assert users_needed(1e-9, 900, 100_000) == 100_000
    why = Decidable(Settings(1e-9, early=True), 10).why_not(64, 12)
    assert "at a tolerance of 1e-07%" in why
    assert "100,000 or more" in why


def test_hypotheses_are_counted_as_they_are_enumerated() -> None:
    levels = {"a": ("on",), "b": ("own", "shared"), "c": ("on",)}
    counted = Layout(levels, {}, {}, {})
    enumerated = Layout(levels, {}, {}, {}, exclude=(("a=on", "c=on", "b=never"),))  # which nothing meets
    for largest in (1, 2, 3):
        assert hypotheses(counted, largest) == hypotheses(enumerated, largest)
    assert counted.possible == enumerated.possible == hypotheses(counted, 3) + 1


def test_what_breaks_for_some_users_alone_is_asked_for_and_claimed_with_their_rate() -> None:
    # f0 and f1 fail for every other user; of everybody half is tolerated.
    world = Stacks(3, 160, 12, base=0.03, spread=0.0, rates=lambda c: 0.97 if c >= PAIR else 0.03)
    whole = Layout(
        {f"f{i}": ("on",) for i in range(3)},
        {BASE: {f"f{i}": "off" for i in range(3)}, "f0+f1+f2": {f"f{i}": "on" for i in range(3)}},
        {}, {},
    )  # fmt: skip
    settings = Settings(0.6, largest=2, early=True)
    asked = {whole.combination(run): world.everybody for run in whole.design.values()}
    layout = whole
    for _ in range(400):
        table = told(world, layout, asked).with_columns(
            because=pl.when(pl.col("user").str.slice(-1).is_in(list("02468")))
            .then(pl.lit("health:x"))
            .otherwise(pl.lit("health:y"))
        )
        table = table.with_columns(unsafe=pl.col("unsafe") & (pl.col("because") == "health:x"))
        more = wanted(table, layout, settings, lambda p, c, user: user not in asked.get(c, ()))
        if not more:
            break
        for one in more:
            asked[one.combination] = [*asked.get(one.combination, []), *one.users]
        further = {layout.name(c): layout.run(c) for c in asked}
        layout = Layout(whole.factors, whole.design, further, {})
    found = {one.group: one for one in emergence(table, layout, settings)}
    assert found[""].claims == []
    assert [one.layers for one in found["health:x"].claims] == [PAIR]
    assert found["health:x"].claims[0].rate > 0.9
    assert found["health:y"].claims == []


def test_an_unsafe_base_is_the_reason_that_is_given() -> None:
    world = Stacks(1, 64, 12, base=0.5, up=0.5)
    layout = Layout({"f0": ("on",)}, {BASE: {"f0": "off"}, "f0": {"f0": "on"}}, {}, {})
    asked = {frozenset(): world.everybody, frozenset({"f0"}): world.everybody}
    (one,) = emergence(told(world, layout, asked), layout, Settings(0.2, largest=1))
    assert one.powerless.startswith("Without any layer the rate is 4") or "5" in one.powerless
    assert "not shown to be below the tolerance of 20%" in one.powerless
