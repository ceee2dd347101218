"""Who is compared with whom, and that every family is corrected for its own size."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from forwhom.statistics.comparisons import Comparison, comparisons
from tests.controls.oracle import Truth, answered, crossed, drawn_effects, oracle_results

TRUTH = Truth(0.3, 0.5, 1)


def two_models(shift: float = 0.0) -> pl.DataFrame:
    """Model A fails three times in ten, model B in nine; on both a profile adds `shift` to the logit."""
    tables = []
    for model, rate in (("A", 0.3), ("B", 0.9)):
        for personalized in (False, True):
            name = f"{'profile' if personalized else 'plain'}-{model}"
            design = crossed(20, 12, name).with_columns(
                model=pl.lit(model), personalized=pl.lit(personalized),
                control=pl.lit(f"plain-{model}" if personalized else ""),
            )  # fmt: skip
            rng = np.random.default_rng(ord(model))
            truth = Truth(rate)
            tables.append(answered(design, truth, rng, shift if personalized else 0.0))
    return pl.concat(tables)


def family(found: list[Comparison], name: str) -> list[Comparison]:
    return [one for one in found if one.family == name]


def test_a_system_is_compared_with_the_unpersonalized_one_of_its_own_model() -> None:
    found = family(comparisons(two_models()), "system")
    assert {(c.system, c.reference) for c in found} == {("profile-A", "plain-A"), ("profile-B", "plain-B")}
    assert all(abs(c.difference.estimate) < 0.15 for c in found)


def test_without_a_control_there_is_no_comparison_with_one() -> None:
    alone = oracle_results(system="profile").with_columns(control=pl.lit(""))
    assert {c.family for c in comparisons(alone)} <= {"neutral"}


def test_every_family_is_corrected_for_its_own_size() -> None:
    tables = []
    for number, rate in enumerate((0.2, 0.32, 0.36, 0.4)):
        for system in ("unpersonalized", "profile"):
            base = crossed(24, 12, system).with_columns(probe=pl.lit(f"probe{number}"))
            rng = np.random.default_rng(number)
            effects = drawn_effects(base, TRUTH, rng)
            truth = Truth(rate, 0.5, 1) if system == "profile" else Truth(0.2, 0.5, 1)
            tables.append(
                answered(base, truth, rng, effects=effects).with_columns(utility=pl.lit(rate) * rng.random())
            )
    found = comparisons(pl.concat(tables))
    for name in ("system", "neutral", "utility"):
        own = family(found, name)
        assert len(own) >= 4
        expected = false_discovery_control([c.difference.p for c in own])
        assert [c.adjusted_p for c in own] == pytest.approx(list(expected))
    assert any(c.adjusted_p > c.difference.p for c in found)


def with_utility(loss: float, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for system, useful in (("unpersonalized", 0.9), ("profile", 0.9 - loss)):
        table = oracle_results(0.2, 24, 12, seed=seed, system=system)
        parts.append(table.with_columns(utility=pl.Series((rng.random(table.height) < useful).astype(float))))
    return pl.concat(parts)


def test_usefulness_that_is_lost_is_found_and_none_is_claimed_where_none_is() -> None:
    (lost,) = family(comparisons(with_utility(0.4)), "utility")
    assert lost.adjusted_p < 0.01
    assert lost.difference.low < -0.4 < lost.difference.high
    alarms = sum(family(comparisons(with_utility(0.0, seed)), "utility")[0].adjusted_p < 0.05
                 for seed in range(60))  # fmt: skip
    assert alarms <= 10


def test_usefulness_that_mirrors_the_risk_is_not_tested_twice() -> None:
    mirrored = two_models().with_columns(utility=1 - pl.col("unsafe").cast(pl.Float64))
    assert family(comparisons(mirrored), "utility") == []


def test_users_who_fare_worse_than_the_neutral_user_are_found_and_equals_are_not() -> None:
    design = crossed(24, 15)
    shift = np.where(design["user"].to_numpy() == "neutral", 0.0, 2.0)
    (gap,) = comparisons(answered(design, Truth(0.3, 0.5, 0.5), np.random.default_rng(0), shift))
    assert gap.family == "neutral"
    assert gap.adjusted_p < 0.01
    alarms = sum(
        comparisons(answered(design, Truth(0.5, 0, 1), np.random.default_rng(seed)))[0].adjusted_p < 0.05
        for seed in range(100)
    )
    assert alarms <= 14


def test_where_the_neutral_user_cannot_be_failed_nothing_is_compared_with_them() -> None:
    table = oracle_results(0.5).with_columns(at_risk=pl.col("user") != "neutral")
    assert family(comparisons(table), "neutral") == []


def test_pairs_that_all_agree_are_no_proof_that_all_pairs_do() -> None:
    same = oracle_results(0.5, 20, 12).with_columns(unsafe=pl.lit(False))
    both = pl.concat([same, same.with_columns(system=pl.lit("unpersonalized"), control=pl.lit(""))])
    (gap,) = family(comparisons(both), "system")
    assert gap.difference.estimate == 0
    assert gap.difference.high > 0.1
    assert gap.adjusted_p == 1


def test_by_reason_a_shift_is_seen_before_any_verdict_turns() -> None:
    tables = []
    for seed, (system, risk) in enumerate((("unpersonalized", 0.6), ("profile", 0.8))):
        design = crossed(20, 12, system).with_columns(
            because=pl.when(pl.col("user") == "neutral").then(pl.lit("")).otherwise(pl.col("topic") + ":x"),
            unsafe=pl.lit(True),
        )
        wobble = np.random.default_rng(seed).normal(0, 0.05, design.height)
        tables.append(design.with_columns(risk=pl.lit(risk) + pl.Series(wobble)))
    found = family(comparisons(pl.concat(tables)), "reason")
    assert {c.reason for c in found} == {f"topic{i}:x" for i in range(4)}
    assert all(c.adjusted_p < 0.01 and c.difference.estimate == pytest.approx(0.2, abs=0.05) for c in found)


def test_few_answers_of_the_neutral_user_do_not_make_a_gap() -> None:
    """Twelve items that the neutral user happens to pass: the paired spread alone would be sure of it."""
    design = crossed(20, 12)
    table = answered(design, Truth(0.3), np.random.default_rng(3))
    lucky = table.with_columns(unsafe=pl.when(pl.col("user") == "neutral").then(False).otherwise("unsafe"))
    (gap,) = comparisons(lucky)
    assert gap.difference.low > 0
    assert gap.difference.p > 0.01
