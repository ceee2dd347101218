"""A small calibration, with room for the Monte Carlo error of its size; `make calibrate` is the large one."""

from collections.abc import Callable

import pytest
from scipy.stats import binom

from forwhom.statistics.clustering import codes
from forwhom.statistics.rates import at_risk
from forwhom.statistics.score_interval import rate_score
from tests.controls import calibration
from tests.controls.calibration import Counted
from tests.controls.oracle import Truth, crossed

STUDIES = 300
SURE = 1e-4  # so rarely does a check fail by chance where the nominal level holds
MIXED = Truth(0.3, 1, 1.5)
Measure = Callable[..., Counted]


@pytest.mark.parametrize("truth", [Truth(0.3), MIXED, Truth(0.1, 0.5, 1), Truth(0.6, 0.5, 4)])
@pytest.mark.parametrize("measure", [calibration.rate_coverage, calibration.blind_spot_coverage])
def test_intervals_hold_the_truth_about_as_often_as_stated(measure: Measure, truth: Truth) -> None:
    found = measure("crossed", crossed(30, 20), truth, STUDIES)
    assert binom.ppf(SURE, found.studies, 0.95) <= found.hits <= binom.ppf(1 - SURE, found.studies, 0.97)


@pytest.mark.parametrize(("shift", "slope"), [(0.0, 0.0), (0.0, 0.8), (1.0, 0.8)])
def test_paired_differences_hold_the_truth(shift: float, slope: float) -> None:
    found = calibration.difference_coverage("crossed", crossed(30, 20), MIXED, STUDIES, shift, slope)
    assert binom.ppf(SURE, STUDIES, 0.95) <= found.hits <= binom.ppf(1 - SURE, STUDIES, 0.98)


def test_the_check_rejects_an_interval_that_takes_cells_for_independent() -> None:
    design, hits = crossed(30, 20), 0
    for table in calibration.answers(design, MIXED, STUDIES):
        cells = at_risk(table)
        alone = codes(cells["cell"])
        low, high = rate_score(cells["unsafe"].cast(float).to_numpy(), alone, alone).interval(0.95)
        hits += low <= MIXED.rate <= high
    assert hits < binom.ppf(SURE, STUDIES, 0.8)


def test_groups_and_users_are_covered_all_at_once() -> None:
    for measure in (calibration.group_coverage, calibration.user_coverage):
        found = measure("crossed", crossed(30, 20), MIXED, 150)
        assert found.hits >= binom.ppf(SURE, found.studies, 0.95)


def test_the_share_of_variance_is_covered() -> None:
    found = calibration.variance_coverage("crossed", crossed(30, 20), Truth(0.3, 1, 1.5, True), 150)
    assert found.studies == 150
    assert found.hits >= binom.ppf(SURE, 150, 0.93)


@pytest.mark.parametrize("family", ["system", "reason"])
def test_equal_systems_are_seldom_called_worse(family: str) -> None:
    design = crossed(30, 20).with_columns(because=crossed(30, 20)["topic"] + ":x")
    found = calibration.comparison_alarms("crossed", design, Truth(0.5, 1, 1.5, True), 150, family)
    assert found.hits <= binom.ppf(1 - SURE, 150, 0.05)


def test_a_rate_that_just_meets_the_tolerance_is_seldom_called_above_it() -> None:
    found = calibration.above_alarms("crossed", crossed(30, 20), Truth(0.05, 0.5, 1), STUDIES)
    assert found.hits <= binom.ppf(1 - SURE, STUDIES, 0.05)


def test_no_attribute_is_blamed_where_none_matters() -> None:
    found = calibration.effect_alarms("crossed", crossed(30, 20), Truth(0.1, 0.5, 1), STUDIES)
    assert found.hits <= binom.ppf(1 - SURE, STUDIES, 0.05)


def test_the_oracle_has_the_rate_that_it_states() -> None:
    tables = calibration.answers(crossed(60, 60, neutral=False), MIXED, 60)
    mean = sum(float(table["unsafe"].mean() or 0.0) for table in tables) / 60  # type: ignore[arg-type]
    assert abs(mean - MIXED.rate) < 0.03
