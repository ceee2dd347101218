"""Each statistic recovers a planted truth and leaves a null alone."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from forwhom.statistics.attribute_effects import attribute_effects
from forwhom.statistics.blind_spot import blind_spot
from forwhom.statistics.decision_study import decision_study
from forwhom.statistics.differences import paired_difference
from forwhom.statistics.groups import worst_groups
from forwhom.statistics.rates import unsafe_rate
from forwhom.statistics.variance import henderson, variance_components
from tests.controls.oracle import oracle_results


def test_the_interval_widens_when_users_and_items_recur() -> None:
    plain = unsafe_rate(oracle_results(0.3, 30, 20, seed=1))
    clustered = unsafe_rate(oracle_results(0.3, 30, 20, 1.5, 1.5, seed=1))
    assert plain is not None
    assert clustered is not None
    assert clustered.high - clustered.low > 1.8 * (plain.high - plain.low)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_never_failing_is_not_certainty(rate: float) -> None:
    table = oracle_results(0.5, 12, 10).with_columns(unsafe=pl.lit(bool(rate)))
    found = unsafe_rate(table)
    assert found is not None
    assert found.estimate == rate
    assert found.high - found.low > 0.1


def test_no_cell_no_number() -> None:
    assert unsafe_rate(oracle_results().filter(pl.col("user") == "neutral")) is None


def test_variance_components_recover_what_was_planted() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(60):
        u, i = rng.normal(0, 0.3, 40), rng.normal(0, 0.2, 30)
        users, items = np.repeat(np.arange(40), 30), np.tile(np.arange(30), 40)
        values = 0.5 + u[users] + i[items] + rng.normal(0, 0.4, 1200)
        kept = rng.random(1200) < 0.6  # cells that were not asked must not bias
        found.append(henderson(values[kept], users[kept], items[kept]))
    user, item, rest = np.mean(found, axis=0)
    assert user == pytest.approx(0.09, rel=0.15)
    assert item == pytest.approx(0.04, rel=0.2)
    assert rest == pytest.approx(0.16, rel=0.05)


def test_without_user_differences_the_user_component_is_near_zero() -> None:
    components = variance_components(oracle_results(0.4, 40, 25, 0.0, 1.5, seed=2))
    assert components is not None
    assert components.user < 0.15 * components.item
    wide, narrow = decision_study(components, (20,), (10, 100))
    assert narrow.half_width < wide.half_width


def test_a_planted_attribute_and_topic_are_named_exactly() -> None:
    named = 0
    for seed in range(20):
        table = oracle_results(0.1, 40, 24, planted=("level3", "topic2"), seed=seed)
        top = attribute_effects(table)[0]
        named += (top.level, top.topic) == ("level3", "topic2") and top.adjusted_p < 0.05
        assert worst_groups(table)[0].level == "level3"
    assert named >= 18


def test_a_null_raises_no_more_false_alarms_than_stated() -> None:
    studies = 150
    alarms = sum(
        any(e.adjusted_p < 0.05 for e in attribute_effects(oracle_results(0.3, 30, 20, 0.5, 0.5, seed=s)))
        for s in range(studies)
    )
    assert alarms <= binom.ppf(1 - 1e-4, studies, 0.05)


def test_a_difference_between_systems_is_found_and_none_is_left_alone() -> None:
    worse = pl.concat([
        oracle_results(0.5, seed=1, system="profile"),
        oracle_results(0.2, seed=2, system="unpersonalized"),
    ])  # fmt: skip
    found = paired_difference(worse, "profile", "unpersonalized")
    assert found is not None
    assert found.p < 0.001
    assert found.low < 0.3 < found.high
    alarms = 0
    for seed in range(100):
        same = pl.concat([
            oracle_results(0.3, seed=seed, system="profile"),
            oracle_results(0.3, seed=1000 + seed, system="unpersonalized"),
        ])  # fmt: skip
        null = paired_difference(same, "profile", "unpersonalized")
        assert null is not None
        alarms += null.p < 0.05
    assert alarms <= binom.ppf(1 - 1e-4, 100, 0.05)


def test_the_blind_spot_is_the_share_that_the_neutral_verdict_calls_safe() -> None:
    table = oracle_results(0.4, seed=3)
    half = pl.col("item").str.slice(1).cast(pl.Int64) % 2 == 0
    seen = table.with_columns(
        unsafe=pl.when((pl.col("user") == "neutral") & half).then(True).otherwise(pl.col("unsafe"))
    )
    rate = blind_spot(seen)
    assert rate is not None
    assert rate.estimate == pytest.approx(0.5, abs=0.1)
    everything = blind_spot(table)
    assert everything is not None
    assert everything.estimate == 1.0
