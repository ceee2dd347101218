"""Effects of factors from rates without noise: each is given back, or it is said what it carries along."""

from collections.abc import Mapping
from itertools import combinations, product
from math import prod

import numpy as np
import polars as pl
import pytest

from forwhom.statistics.factorial import Alias, Term, column_of, estimable, terms_of
from forwhom.studies.designs import as_table, runs_of
from forwhom.studies.factors import CompositionSpec, FactorSpec

Sizes = Mapping[frozenset[str], float]
"""What factors that are there together add to the rate, beyond what their parts do."""

LAYERS = ({"retrieval": None},)
BASE = 0.1
MAIN = {frozenset({name}): size for name, size in zip("abcde", (0.2, -0.05, 0.0, 0.13, 0.01), strict=True)}
PAIRS = {
    frozenset(pair): round(0.02 * place - 0.07, 2) for place, pair in enumerate(combinations("abcde", 2))
}
TRIPLES = {frozenset("abc"): 0.11, frozenset("ade"): -0.06}


def design(names: str, **wanted: object) -> pl.DataFrame:
    factors = [FactorSpec(name=name, layers=LAYERS) for name in names]
    return as_table(runs_of(factors, CompositionSpec.model_validate(wanted)), factors)


def rates(levels: pl.DataFrame, sizes: Sizes) -> np.ndarray:
    there = [frozenset(name for name, level in run.items() if level != "off") for run in levels.to_dicts()]
    return np.array([BASE + sum(size for part, size in sizes.items() if part <= run) for run in there])


def expected(term: Term, sizes: Sizes) -> float:
    """The difference of differences of these factors, averaged over the others there and not there."""
    own = frozenset(factor for factor, _ in term)
    return sum(size / 2 ** len(part - own) for part, size in sizes.items() if own <= part)


def term(names: str) -> Term:
    return tuple((name, "on") for name in names)


def centred(levels: pl.DataFrame, names: str) -> np.ndarray:
    """An interaction whose difference of differences is 1 and which adds nothing on average over a factor."""
    return prod(np.where(levels[name].to_numpy() == "on", 0.5, -0.5) for name in names)


@pytest.mark.parametrize(
    ("wanted", "runs", "sizes"),
    [
        ({"design": "full", "order": 2}, 32, MAIN | PAIRS),
        ({"design": "full", "order": 3}, 32, MAIN | PAIRS | TRIPLES),
        ({"design": "fractional", "resolution": 5, "order": 2}, 16, MAIN | PAIRS),
        ({"design": "optimal", "runs": 20, "order": 2}, 20, MAIN | PAIRS),
    ],
)
def test_rates_without_noise_give_back_every_effect(
    wanted: dict[str, object], runs: int, sizes: Sizes
) -> None:
    levels = design("abcde", **wanted)
    order = int(str(wanted["order"]))
    found = estimable(levels, order)
    assert levels.height == runs
    assert not found.lost
    assert list(found.terms) == [term("".join(names)) for size in range(1, order + 1)
                                 for names in combinations("abcde", size)]  # fmt: skip
    assert found.contrasts.shape == (len(found.terms), runs)
    estimates = found.contrasts @ rates(levels, sizes)
    assert estimates == pytest.approx([expected(one, sizes) for one in found.terms], abs=1e-12)


def test_a_full_design_gives_effects_as_plain_differences_of_rates() -> None:
    levels = design("abc", design="full")
    values = np.random.default_rng(1).uniform(size=levels.height)
    found = estimable(levels, 2)
    rate = list(zip(levels.to_dicts(), values, strict=True))

    def mean(**there: str) -> float:
        return float(np.mean([value for run, value in rate if there.items() <= run.items()]))

    effect = dict(zip(found.terms, found.contrasts @ values, strict=True))
    assert effect[term("b")] == pytest.approx(mean(b="on") - mean(b="off"))
    with_a = mean(a="on", c="on") - mean(a="on", c="off")
    without_a = mean(a="off", c="on") - mean(a="off", c="off")
    assert effect[term("ac")] == pytest.approx(with_a - without_a)


def test_a_constant_rate_has_no_effects() -> None:
    for wanted in ({"design": "full"}, {"design": "fractional", "resolution": 3}, {"design": "covering"}):
        found = estimable(design("abcde", **wanted), 2)
        assert found.contrasts.sum(axis=1) == pytest.approx(np.zeros(len(found.terms)), abs=1e-12)


def test_of_several_levels_each_is_told_from_none() -> None:
    levels = pl.DataFrame(list(product(("off", "x", "y"), ("off", "on"))), schema=["s", "t"], orient="row")
    values = np.array([0.1, 0.2, 0.4, 0.3, 0.15, 0.7])
    found = estimable(levels, 2)
    effect = dict(zip(found.terms, found.contrasts @ values, strict=True))
    assert list(effect) == [
        (("s", "x"),), (("s", "y"),), (("t", "on"),),
        (("s", "x"), ("t", "on")), (("s", "y"), ("t", "on")),
    ]  # fmt: skip
    assert effect[("s", "x"),] == pytest.approx(0.35 - 0.15)
    assert effect[("s", "y"),] == pytest.approx(0.425 - 0.15)
    assert effect[("t", "on"),] == pytest.approx(np.mean([0.1, -0.1, 0.55]))
    assert effect[("s", "x"), ("t", "on")] == pytest.approx(-0.1 - 0.1)
    assert effect[("s", "y"), ("t", "on")] == pytest.approx(0.55 - 0.1)
    assert not found.lost


def test_in_four_systems_each_main_effect_carries_half_of_the_interaction_of_the_others() -> None:
    levels = design("abc", design="fractional", resolution=3)
    assert levels.height == 4
    found = estimable(levels, 1)
    # The base is a run, and none has one factor alone: together two look like the lack of the third.
    assert found.aliases == (
        (Alias(term("bc"), -0.5),), (Alias(term("ac"), -0.5),), (Alias(term("ab"), -0.5),),
    )  # fmt: skip
    assert not any(found.is_clear(one) for one in found.terms)
    assert not found.lost


@pytest.mark.parametrize(
    ("names", "wanted", "order", "beyond"),
    [
        ("abc", {"design": "fractional", "resolution": 3}, 1, 1),
        ("abcde", {"design": "fractional", "resolution": 3}, 1, 2),
        ("abcde", {"design": "fractional", "resolution": 3}, 2, 1),
        ("abcde", {"design": "fractional", "resolution": 5}, 2, 1),
        ("abcde", {"design": "optimal", "runs": 17}, 2, 1),
        ("abcde", {"design": "covering", "strength": 2}, 1, 1),
    ],
)
def test_an_effect_that_is_left_out_shifts_those_that_carry_it_by_their_share(
    names: str, wanted: dict[str, object], order: int, beyond: int
) -> None:
    levels = design(names, **wanted)
    found = estimable(levels, order, beyond)
    left_out = [*found.lost, *(one for one in terms_of(levels, order + beyond) if len(one) > order)]
    assert left_out
    for one in left_out:
        size = 0.08
        added = size * centred(levels, "".join(factor for factor, _ in one))
        shift = found.contrasts @ added
        shares = [sum(alias.share for alias in aliases if alias.term == one) for aliases in found.aliases]
        assert shift == pytest.approx(size * np.array(shares), abs=1e-7)
    assert any(found.aliases)


def test_sixteen_systems_of_five_carry_triples_in_their_pairs_and_nothing_in_single_effects() -> None:
    found = estimable(design("abcde", design="fractional", resolution=5), 2)
    for one, aliases in zip(found.terms, found.aliases, strict=True):
        others = "".join(name for name in "abcde" if name not in {factor for factor, _ in one})
        carried = [] if len(one) == 1 else [term(others)]
        assert [alias.term for alias in aliases] == carried
        assert all(abs(alias.share) == 0.5 for alias in aliases)
        assert found.is_clear(one) == (len(one) == 1)


def test_a_full_design_carries_nothing_along() -> None:
    found = estimable(design("abcd", design="full"), 2, beyond=2)
    assert not any(found.aliases)
    assert all(found.is_clear(one) for one in found.terms)


def test_what_the_others_determine_is_lost_and_told_as_their_alias() -> None:
    found = estimable(design("abc", design="fractional", resolution=3), 2, beyond=0)
    assert found.terms == (term("a"), term("b"), term("c"))
    assert found.lost == (term("ab"), term("ac"), term("bc"))
    assert [alias.term for aliases in found.aliases for alias in aliases] == [
        term("bc"), term("ac"), term("ab"),
    ]  # fmt: skip


def test_the_interaction_of_factors_that_are_never_together_is_lost_alone() -> None:
    levels = design("abcd", design="full", exclude=(("a", "b"),))
    found = estimable(levels, 2)
    assert found.lost == (term("ab"),)
    assert len(found.terms) == 4 + 5
    estimates = dict(zip(found.terms, found.contrasts @ rates(levels, {frozenset("cd"): 0.3}), strict=True))
    assert estimates[term("cd")] == pytest.approx(0.3)
    assert estimates[term("ac")] == pytest.approx(0, abs=1e-12)


def test_a_factor_that_always_goes_with_another_is_lost_after_it() -> None:
    levels = pl.DataFrame({"a": ["off", "on", "off", "on"], "b": ["off", "on", "off", "on"],
                           "c": ["off", "off", "on", "on"]})  # fmt: skip
    found = estimable(levels, 1)
    assert (found.terms, found.lost) == ((term("a"), term("c")), (term("b"),))
    assert Alias(term("b"), 1.0) in found.aliases[0]
    assert Alias(term("b"), 1.0) not in found.aliases[1]


def test_an_interaction_is_a_product_of_centred_columns() -> None:
    levels = design("ab", design="full")
    assert sorted(column_of(levels, term("a"))) == [-0.5, -0.5, 0.5, 0.5]
    assert column_of(levels, term("ab")) == pytest.approx(
        column_of(levels, term("a")) * column_of(levels, term("b"))
    )
