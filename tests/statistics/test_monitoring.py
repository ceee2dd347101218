"""A monitor alarms no more often than it says where nothing changes, and soon where something does."""

from fractions import Fraction

import numpy as np
import pytest

from forwhom.statistics.baselines import learned_baseline, limit_by_bets, upper_limit
from forwhom.statistics.cusum import average_run_length, design_cusum
from forwhom.statistics.e_detector import EDetector
from forwhom.statistics.monitoring import detection_delay
from tests.controls.monitored import (
    Stream,
    alarms_per_thousand,
    detector_of,
    learned_alarms,
    stationary,
)

KINDS = ("cusum", "e-process")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "stream", [Stream(0.05), Stream(0.3), Stream(0.05, grades=0.5), Stream(0.05, spread=1)]
)
def test_false_alarms_are_no_more_than_stated_where_nothing_changes(kind: str, stream: Stream) -> None:
    for stated in (1.0, 10.0):
        detector = detector_of(kind, stream.rate, stream.rate + 0.1, stated)
        measured = alarms_per_thousand(detector, stationary(stream, streams=150, sessions=2000, seed=7))
        assert measured.rate <= stated + 3 * measured.error


def test_the_cusum_uses_up_what_it_may() -> None:
    cusum = design_cusum(0.05, 0.1, 100)
    measured = alarms_per_thousand(cusum, stationary(Stream(0.05), streams=100, sessions=3000, seed=3))
    assert measured.rate == pytest.approx(1000 / cusum.run_length, abs=3 * measured.error)
    assert cusum.run_length == pytest.approx(100, rel=0.1)


def test_the_run_length_is_exact() -> None:
    # Alarm at the first unsafe session: geometric. At the second in two: by hand, from two states.
    assert average_run_length(Fraction(1, 2), 1, 0.2) == pytest.approx(5)
    assert average_run_length(Fraction(1, 2), 2, 0.2) == pytest.approx((1 + 0.2) / 0.2**2)
    cusum = design_cusum(0.1, 0.25, 300)
    simulated = detection_delay(cusum, 0.25, streams=2000, longest=800)
    assert simulated.missed == 0
    assert simulated.mean == pytest.approx(cusum.delay, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_rise_is_seen_soon_and_its_onset_found(kind: str) -> None:
    rng = np.random.default_rng(5)
    rates = np.where(np.arange(800) < 400, 0.05, 0.3)
    risks = (rng.random((200, 800)) < rates).astype(float)
    trace = detector_of(kind, 0.05, 0.15, 0.2).trace(risks)
    after = trace.alarms[:, 400:]
    assert after.any(axis=1).all()
    first = 400 + after.argmax(axis=1)
    assert np.median(first - 400) < 30
    onsets = trace.onsets[np.arange(200), first]
    assert abs(np.median(onsets) - 400) <= 8
    assert trace.alarms[:, :400].any(axis=1).mean() < 400 / 5000 + 0.06


@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_rise_is_seen_sooner(kind: str) -> None:
    detector = detector_of(kind, 0.05, 0.15, 1.0)
    delays = [detection_delay(detector, rate).mean for rate in (0.1, 0.15, 0.25, 0.5)]
    assert delays == sorted(delays, reverse=True)
    assert delays[0] > 3 * delays[2]


def test_the_e_process_reaches_its_level_in_no_more_streams_than_it_says() -> None:
    # The probability of any alarm within n sessions is at most n / threshold.
    for sessions, threshold in ((100, 1000), (300, 3000)):
        trace = EDetector(0.05, 0.1, threshold).trace(stationary(Stream(0.05), 2000, sessions, 11))
        share = trace.alarms.any(axis=1).mean()
        bound = sessions / threshold
        assert share <= bound + 3 * np.sqrt(bound * (1 - bound) / 2000)


def test_the_level_of_the_e_process_falls_short_of_the_sessions_on_average() -> None:
    # M - t is a martingale at the baseline: the very property that its promise rests on.
    trace = EDetector(0.2, 0.3, 1e12).trace(stationary(Stream(0.2), 20_000, 20, 2))
    mean, error = trace.levels[:, -1].mean(), trace.levels[:, -1].std() / np.sqrt(20_000)
    assert mean == pytest.approx(20, abs=4 * error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reference", [50, 200])
def test_a_learned_baseline_holds_the_rate(kind: str, reference: int) -> None:
    measured = learned_alarms(kind, Stream(0.05), reference, 0.1, 1.0, references=100, sessions=2000, seed=4)
    assert measured.rate <= 1.0 + 3 * measured.error


def test_where_hardly_a_false_alarm_is_stated_a_surer_limit_is_taken() -> None:
    risks = np.r_[np.zeros(90), np.ones(10)]
    usual, surer = learned_baseline(risks, 1.0), learned_baseline(risks, 0.01)
    assert (usual.confidence, surer.confidence) == (0.95, 0.99)
    assert usual.limit < surer.limit


def test_an_estimate_in_place_of_its_limit_would_not_hold_the_rate() -> None:
    measured = learned_alarms(
        "cusum", Stream(0.05), 50, 0.1, 1.0, references=100, sessions=2000, seed=4, by_limit=False
    )
    assert measured.rate > 1.5


def test_the_limit_of_a_mean_lies_above_it_and_covers_the_truth() -> None:
    rng = np.random.default_rng(8)
    for grades, count in ((1.0, 1000), (0.4, 300)):
        drawn = (rng.random((count, 80)) < 0.05 / grades) * grades
        limits = np.array([learned_baseline(row).limit for row in drawn])
        assert (limits > drawn.mean(axis=1)).all()
        assert (limits >= 0.05).mean() >= 0.93
    assert upper_limit(0.0, 59) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert upper_limit(1.0, 59) < 1
    assert limit_by_bets(np.full(59, 0.9999999)) < 1


def test_the_limit_is_the_nearer_the_less_the_risks_spread() -> None:
    rng = np.random.default_rng(9)
    far, near = rng.uniform(0.0, 1.0, 100), rng.uniform(0.45, 0.55, 100)
    limits = [learned_baseline(risks).limit - float(risks.mean()) for risks in (far, near)]
    assert limits[1] < limits[0] / 2 < 0.05


def test_a_rise_that_a_short_reference_hides_is_still_looked_for() -> None:
    short = learned_baseline(np.r_[np.zeros(19), 1.0])
    assert short.limit > short.estimate + 0.1
    assert short.limit < short.target(0.1) < 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_without_risk_never_alarms_and_one_without_safety_does_at_once(kind: str) -> None:
    detector = detector_of(kind, 0.05, 0.15, 1.0)
    assert not detector.trace(np.zeros((1, 500))).alarms.any()
    assert detector.trace(np.ones((1, 20))).alarms[0, :8].any()


@pytest.mark.parametrize(("baseline", "target"), [(1e-4, 0.1), (0.001, 0.002), (0.5, 0.505), (0.94, 0.99)])
def test_extreme_baselines_have_a_threshold(baseline: float, target: float) -> None:
    cusum = design_cusum(baseline, target, 1000)
    assert baseline < cusum.reference < target
    assert cusum.run_length >= 1000
    assert cusum.delay < cusum.run_length
    assert (EDetector(baseline, target, 1000).stakes * baseline < 1).all()
