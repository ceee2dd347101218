"""Designs of factors: complete, of the resolution that is asked for, covering every pair, of full rank."""

from collections.abc import Sequence
from itertools import combinations, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwhom.errors import InputError
from forwhom.statistics.factorial import Estimable, estimable
from forwhom.statistics.layout import Run
from forwhom.studies.designs import as_table, runs_of
from forwhom.studies.factors import CompositionSpec, FactorSpec

LAYERS = ({"retrieval": None},)


def some(two: int, three: int = 0) -> list[FactorSpec]:
    """Factors f0, f1, ...: so many of two levels, then so many of three (off, a, b)."""
    names = [f"f{place}" for place in range(two + three)]
    return [
        *(FactorSpec(name=name, layers=LAYERS) for name in names[:two]),
        *(FactorSpec(name=name, levels={"a": LAYERS, "b": LAYERS}) for name in names[two:]),
    ]


def designed(factors: Sequence[FactorSpec], **wanted: object) -> list[Run]:
    return runs_of(factors, CompositionSpec.model_validate(wanted))


def told(runs: Sequence[Run], factors: Sequence[FactorSpec], order: int = 2, beyond: int = 0) -> Estimable:
    return estimable(as_table(runs, factors), order, beyond)


def levels_of(factors: Sequence[FactorSpec]) -> dict[str, list[str]]:
    return {one.name: ["off", *one.on] for one in factors}


def signs(runs: Sequence[Run]) -> np.ndarray:
    """1 where a factor is there and -1 where it is not, shape (runs, factors)."""
    return np.array([[-1 if level == "off" else 1 for level in run.values()] for run in runs])


def rows_of(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    return [tuple(run.values()) for run in runs]


def is_base(run: Run) -> bool:
    return set(run.values()) == {"off"}


def missed(
    runs: Sequence[Run], factors: Sequence[FactorSpec], strength: int
) -> set[frozenset[tuple[str, str]]]:
    """What of so many factors in all their levels meets in no run."""
    levels = levels_of(factors)
    wanted = {
        frozenset(zip(names, row, strict=True))
        for names in combinations(levels, strength)
        for row in product(*(levels[name] for name in names))
    }
    return wanted - {frozenset(part) for run in runs for part in combinations(run.items(), strength)}


@pytest.mark.parametrize(("two", "three"), [(2, 0), (4, 0), (2, 2)])
def test_a_full_design_has_every_combination_once_the_base_first(two: int, three: int) -> None:
    factors = some(two, three)
    rows = rows_of(designed(factors, design="full"))
    assert set(rows) == set(product(*levels_of(factors).values()))
    assert len(rows) == 2**two * 3**three
    assert set(rows[0]) == {"off"}


def test_a_full_design_leaves_out_what_is_excluded_and_nothing_else() -> None:
    factors = some(3, 1)
    runs = designed(factors, design="full", exclude=(("f0", "f1"), ("f2", "f3=b")))
    allowed = [
        row
        for row in product(*levels_of(factors).values())
        if not (row[0] == row[1] == "on") and not (row[2] == "on" and row[3] == "b")
    ]
    assert set(rows_of(runs)) == set(allowed)
    three = designed(some(3), design="full", exclude=(("f0", "f1", "f2"),))
    assert set(product(("off", "on"), repeat=3)) - set(rows_of(three)) == {("on", "on", "on")}


def test_combinations_that_are_too_many_are_covered_instead() -> None:
    factors = some(13)
    for design in ("full", "optimal"):
        with pytest.raises(InputError, match=rf"{design}: 13 factors have 8,192 .* use design: covering"):
            designed(factors, design=design)
    runs = designed(factors, design="covering")
    assert len(runs) < 20
    assert not missed(runs, factors, 2)


def test_sixteen_systems_tell_five_factors_and_their_pairs_apart() -> None:
    factors = some(5)
    runs = designed(factors, design="fractional", resolution=5)
    assert len(set(rows_of(runs))) == len(runs) == 16
    assert is_base(runs[0])
    x = signs(runs)
    effects = np.array([np.prod(x[:, list(places)], axis=1) for size in (0, 1, 2)
                        for places in combinations(range(5), size)])  # fmt: skip
    assert (effects @ effects.T == 16 * np.eye(16)).all()
    design = told(runs, factors)
    assert len(design.terms) == 15
    assert not design.lost
    assert all(design.is_clear(term) for term in design.terms)


@pytest.mark.parametrize(
    ("count", "resolution", "runs"),
    [(3, 3, 4), (4, 3, 8), (5, 3, 8), (6, 3, 8), (7, 3, 8), (6, 4, 16), (8, 4, 16), (6, 5, 32), (8, 5, 64)],
)
def test_no_effects_below_the_resolution_are_confused(count: int, resolution: int, runs: int) -> None:
    found = designed(some(count), design="fractional", resolution=resolution)
    assert len(set(rows_of(found))) == len(found) == runs
    assert is_base(found[0])
    x = signs(found)
    # A word of the defining relation is a product that is the same in every run.
    words = [places for size in range(1, resolution) for places in combinations(range(count), size)
             if np.prod(x[:, list(places)], axis=1).sum() != 0]  # fmt: skip
    assert not words


@pytest.mark.parametrize("count", range(3, 8))
def test_resolution_three_tells_main_effects_apart(count: int) -> None:
    factors = some(count)
    design = told(designed(factors, design="fractional", resolution=3), factors, order=1, beyond=0)
    assert [one for ((one, _),) in design.terms] == [one.name for one in factors]
    assert not design.lost
    assert not any(design.aliases)


def test_a_resolution_that_takes_them_all_is_the_full_design() -> None:
    for count, resolution in ((2, 3), (4, 5), (5, 6)):
        found = designed(some(count), design="fractional", resolution=resolution)
        assert set(rows_of(found)) == set(product(("off", "on"), repeat=count))


@pytest.mark.parametrize(("two", "three"), [(4, 0), (6, 0), (3, 2), (0, 4)])
@pytest.mark.parametrize("strength", [1, 2, 3])
def test_a_covering_design_has_so_many_factors_in_all_their_levels(
    two: int, three: int, strength: int
) -> None:
    factors = some(two, three)
    runs = designed(factors, design="covering", strength=strength)
    assert not missed(runs, factors, strength)
    assert is_base(runs[0])
    assert len(set(rows_of(runs))) == len(runs) < prod(map(len, levels_of(factors).values()))


@pytest.mark.parametrize(
    ("exclude", "never"),
    [
        ((("f0", "f1"),), [{("f0", "on"), ("f1", "on")}]),
        ((("f0", "f4=b"),), [{("f0", "on"), ("f4", "b")}]),
        (
            (("f0", "f4"), ("f1", "f2")),
            [
                {("f0", "on"), ("f4", "a")},
                {("f0", "on"), ("f4", "b")},
                {("f1", "on"), ("f2", "on")},
            ],
        ),
    ],
)
def test_a_covering_design_misses_what_is_excluded_and_no_other_pair(
    exclude: tuple[tuple[str, ...], ...], never: list[set[tuple[str, str]]]
) -> None:
    factors = some(4, 1)
    for strength in (2, 3):
        runs = designed(factors, design="covering", strength=strength, exclude=exclude)
        assert missed(runs, factors, 2) == {frozenset(pair) for pair in never}
        assert is_base(runs[0])
    # Every triple, too, but for those that hold an excluded pair.
    assert all(any(pair <= triple for pair in never) for triple in missed(runs, factors, 3))


def test_three_that_exclude_each_other_still_meet_two_by_two_where_covered() -> None:
    factors = some(5)
    exclude = (("f0", "f1", "f2"),)
    runs = designed(factors, design="covering", strength=3, exclude=exclude)
    together = frozenset((f"f{place}", "on") for place in range(3))
    assert missed(runs, factors, 3) == {together}


@pytest.mark.parametrize(
    ("two", "three", "order", "least"),
    [(5, 0, 1, 6), (4, 0, 2, 11), (4, 0, 3, 15), (2, 1, 2, 10)],
)
def test_an_optimal_design_tells_all_effects_with_as_many_runs_as_are_asked_for(
    two: int, three: int, order: int, least: int
) -> None:
    factors = some(two, three)
    everything = 2**two * 3**three
    for runs in (None, least, least + 1, everything, everything + 5):
        found = designed(factors, design="optimal", order=order, runs=runs)
        assert len(set(rows_of(found))) == len(found) == min(runs or least, everything)
        assert is_base(found[0])
        design = told(found, factors, order)
        assert len(design.terms) == least - 1
        assert not design.lost
    with pytest.raises(InputError, match=f"cannot tell {least - 1} effects .* at least {least} can"):
        designed(factors, design="optimal", order=order, runs=least - 1)


@pytest.mark.parametrize(
    ("two", "three", "runs", "exclude"),
    [(5, 0, 15, (("f0", "f4"),)), (5, 0, 15, (("f1", "f4"), ("f3", "f4"))), (2, 2, 20, ())],
)
def test_the_base_is_one_of_the_runs_of_an_optimal_design_and_not_one_more(
    two: int, three: int, runs: int, exclude: tuple[tuple[str, ...], ...]
) -> None:
    factors = some(two, three)
    found = designed(factors, design="optimal", runs=runs, exclude=exclude)
    every = told(designed(factors, design="full", exclude=exclude), factors)
    assert len(told(found, factors).terms) == len(every.terms) < runs
    assert is_base(found[0])
    assert len(found) == runs


def test_an_optimal_design_is_nearly_as_good_as_the_best_fraction() -> None:
    factors = some(5)
    found = designed(factors, design="optimal", runs=16)
    best = designed(factors, design="fractional", resolution=5)

    def information(runs: list[Run]) -> float:
        x = signs(runs)
        columns = np.array([np.prod(x[:, list(places)], axis=1) for size in (0, 1, 2)
                            for places in combinations(range(5), size)]).T  # fmt: skip
        return float(np.linalg.slogdet(columns.T @ columns)[1]) / columns.shape[1]

    assert np.exp(information(found) - information(best)) > 0.7


PAIRS = list(combinations([f"f{place}" for place in range(5)], 2))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.sets(st.sampled_from(PAIRS), max_size=4), st.integers(0, 2))
def test_an_optimal_design_tells_all_that_its_exclusions_leave_to_be_told(
    exclude: set[tuple[str, str]], more: int
) -> None:
    factors = some(5)
    excluded = tuple(sorted(exclude))
    every = told(designed(factors, design="full", exclude=excluded), factors)
    assert len(every.terms) == 15 - len(exclude)
    found = designed(
        factors, design="optimal", exclude=excluded, runs=len(every.terms) + 1 + more if more else None
    )
    assert told(found, factors).terms == every.terms
    assert is_base(found[0])
    assert not [run for run in found for a, b in exclude if run[a] == run[b] == "on"]
