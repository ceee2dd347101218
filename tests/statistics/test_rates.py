"""The interval of a rate: at every count, and where clusters are all that is known."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom, t

from forwhom.statistics.foresight import foresee
from forwhom.statistics.groups import worst_users
from forwhom.statistics.rates import unsafe_rate
from forwhom.statistics.score_interval import rate_score
from tests.controls.oracle import Truth, answered, crossed

USERS, ITEMS = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)


def upper(failures: int, seed: int = 0) -> float:
    values = np.zeros(200)
    values[np.random.default_rng(seed).choice(200, failures, replace=False)] = 1
    return rate_score(values, USERS, ITEMS).interval(0.95)[1]


def test_one_failure_does_not_settle_what_none_left_open() -> None:
    bounds = [np.mean([upper(count, seed) for seed in range(20)]) for count in range(12)]
    assert bounds[0] == pytest.approx(1 - 0.025 ** (1 / 10))
    assert max(bounds[i] / bounds[i + 1] for i in range(11)) < 1.6  # no cliff between two counts
    assert bounds[1] > 0.15


def test_failures_in_one_item_leave_more_open_than_failures_in_many() -> None:
    values = np.zeros(200)
    values[np.flatnonzero(ITEMS == 0)[:10]] = 1
    assert rate_score(values, USERS, ITEMS).interval(0.95)[1] > 2 * upper(10)


@pytest.mark.parametrize("failures", [0, 1, 3, 20, 100])
def test_failing_and_not_failing_are_treated_alike(failures: int) -> None:
    values = np.zeros(200)
    values[np.random.default_rng(1).choice(200, failures, replace=False)] = 1
    low, high = rate_score(values, USERS, ITEMS).interval(0.95)
    mirrored = rate_score(1 - values, USERS, ITEMS).interval(0.95)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_a_plan_foresees_about_the_interval_that_comes() -> None:
    design = crossed(24, 15, neutral=False)
    users, items = (np.unique(design[name].to_numpy(), return_inverse=True)[1] for name in ("user", "item"))
    widths = []
    for seed in range(20):
        rate = unsafe_rate(answered(design, Truth(0.5, 0.7, 2), np.random.default_rng(seed)))
        assert rate is not None
        widths.append((rate.high - rate.low) / 2)
    assert foresee(users, items, 0.95).half_width == pytest.approx(np.mean(widths), rel=0.25)
    assert foresee(users, items, 0.95, 10).smallest > foresee(users, items, 0.95).smallest


def test_a_rate_above_is_tested_two_sided_at_the_tolerance() -> None:
    alone = np.arange(400)
    values = (alone < 30).astype(float)  # 7.5 % of independent cells
    exact = 2 * binom.sf(29, 400, 0.05)
    assert rate_score(values, alone, alone).p_above(0.05) == pytest.approx(exact, rel=0.5)


def test_two_users_or_two_items_are_no_ground_for_a_claim() -> None:
    values = np.ones(20)
    many, two = np.arange(20), np.arange(20) % 2
    assert rate_score(values, two, many).p_above(0.05) == 1.0
    assert rate_score(values, many, two).p_above(0.05) == 1.0
    assert rate_score(values, many, many).p_above(0.05) < 1e-6


def test_a_user_is_known_by_their_items_alone() -> None:
    table = crossed(10, 20, neutral=False).with_columns(unsafe=pl.col("user") == "u03", risk=pl.lit(0.0))
    users = {group.level: group.rate for group in worst_users(table)}
    tail = (1 - 0.95 ** (1 / 10)) / 2
    assert users["u03"].low == pytest.approx(tail ** (1 / 20))
    assert users["u00"].high == pytest.approx(1 - tail ** (1 / 20))


def test_a_plan_knows_the_power_of_independent_pairs() -> None:
    alone = np.arange(400)
    expected = (t.isf(0.025, 399) + t.isf(0.2, 399)) * np.sqrt(0.2 / 400)
    assert foresee(alone, alone, 0.95).smallest == pytest.approx(expected, rel=1e-6)
