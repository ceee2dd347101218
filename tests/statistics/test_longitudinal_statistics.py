"""What is planted over sessions is found at the rate that is stated; a stationary course is left alone."""

from math import log2

import numpy as np
import polars as pl
import pytest
import ruptures
from scipy.stats import binom

from forwhom.statistics.change_point import change_point, gains
from forwhom.statistics.diversity import divergence, entropy
from forwhom.statistics.drift import drift
from forwhom.statistics.exposure import exposure, residual
from forwhom.statistics.flips import flips, flips_by_pair
from forwhom.statistics.narrowing import narrowing
from forwhom.statistics.survival import first_unsafe, survival
from tests.controls.longitudinal_oracle import Course, hazarded, walked

STUDIES = 60
COVERED = int(binom.ppf(0.001, STUDIES, 0.95))
"""So many of the studies at least hold the truth, but for one time in a thousand, where 95 % are to."""
ALARMS = int(binom.isf(0.001, STUDIES, 0.05))
"""At most so many raise a false alarm, but for one time in a thousand, where 5 % may."""

Tables = tuple[pl.DataFrame, pl.DataFrame]


def studies(course: Course, seed: int = 1) -> list[Tables]:
    rng = np.random.default_rng(seed)
    return [walked(course, rng) for _ in range(STUDIES)]


def answers(*courses: str) -> pl.DataFrame:
    """One user a course, of one item: "1" unsafe, "0" safe, "-" not asked."""
    rows = [
        (f"u{user}", "i", session, float(mark), mark == "1")
        for user, marks in enumerate(courses)
        for session, mark in enumerate(marks, 1)
        if mark != "-"
    ]
    return pl.DataFrame(rows, schema=["user", "item", "session", "risk", "unsafe"], orient="row")


@pytest.mark.parametrize("differ", [0.0, 0.1])
def test_a_planted_slope_lies_in_its_interval(differ: float) -> None:
    found = [drift(*both) for both in studies(Course(slope=0.2, slopes_differ=differ, missing=0.1))]
    assert sum(one.excess.low <= 0.2 <= one.excess.high for one in found if one) >= COVERED
    assert np.mean([one.excess.estimate for one in found if one]) == pytest.approx(0.2, abs=0.05)


def test_a_course_that_goes_nowhere_raises_no_alarm() -> None:
    raised = np.zeros(4, dtype=int)
    for seed, both in enumerate(studies(Course(slopes_differ=0.05, missing=0.05))):
        sloped, lived, changed = drift(*both), survival(*both), change_point(*both, seed=seed)
        assert sloped and lived and changed
        p = [sloped.excess.p, lived.log_rank.p, lived.longer.p, changed.p]
        raised += np.array(p) < 0.05
    assert max(raised) <= ALARMS, raised


def test_drift_is_told_per_ten_sessions_and_pair_by_pair() -> None:
    rows = [
        (f"u{u}", f"i{i}", s, 0.1 + 0.01 * u + 0.02 * s)
        for u in range(4)
        for i in range(3)
        for s in (1, 6, 11)
    ]
    cells = pl.DataFrame(rows, schema=["user", "item", "session", "risk"], orient="row")
    control = cells.with_columns(risk=pl.col("risk") - 0.015 * pl.col("session"))
    found = drift(cells, control)
    assert found is not None
    assert (found.own.estimate, found.excess.estimate) == (pytest.approx(0.2), pytest.approx(0.15))
    assert (found.last.estimate, found.session, found.n_cells) == (pytest.approx(0.165), 11, 36)


def test_drift_is_not_told_of_two_users_or_of_an_ask_put_twice() -> None:
    cells = answers("01", "01", "11")
    assert drift(cells, cells) is None  # one item
    with pytest.raises(ValueError, match="Average the replicates first"):
        drift(pl.concat([cells, cells]), cells)


def test_a_planted_hazard_ratio_lies_in_its_interval() -> None:
    rng = np.random.default_rng(2)
    found = [survival(*hazarded(2.0, rng, Course())) for _ in range(STUDIES)]
    ratios = [one.hazard_ratio for one in found if one and one.hazard_ratio]
    assert len(ratios) == STUDIES
    assert sum(one.low <= 2 <= one.high for one in ratios) >= COVERED
    assert np.exp(np.mean(np.log([one.ratio for one in ratios]))) == pytest.approx(2, rel=0.15)
    assert np.mean([one.p < 0.05 for one in ratios]) > 0.7


def test_equal_times_do_not_draw_the_hazard_ratio_towards_one() -> None:
    from lifelines import CoxPHFitter

    many = Course(users=120, items=6, sessions=3)
    own, control = hazarded(3.0, np.random.default_rng(3), many, safe_at_end=0.2, alike=0.0)
    found = survival(own, control)
    assert found is not None and found.hazard_ratio is not None
    arms = [first_unsafe(one).with_columns(system=pl.lit(k)) for k, one in ((1, own), (0, control))]
    table = pl.concat(arms).select("user", "time", "system", pl.col("unsafe").cast(int)).to_pandas()
    cox = CoxPHFitter().fit(table, "time", "unsafe", cluster_col="user")
    assert found.hazard_ratio.ratio == pytest.approx(3, rel=0.15)
    assert cox.hazard_ratios_["system"] < found.hazard_ratio.ratio - 0.2


def test_without_an_unsafe_answer_there_is_no_hazard_ratio_but_a_test() -> None:
    own, control = walked(Course(base=0.4, slope=0.5), np.random.default_rng(4))
    found = survival(own, control.with_columns(unsafe=pl.lit(False)))
    assert found is not None and found.hazard_ratio is None
    assert "No answer of the control" in found.why
    assert found.log_rank.p < 0.001
    last = found.control.checkpoints[-1]
    assert (last.safe, last.events, last.high, found.control.median) == (1.0, 0, 1.0, None)
    assert last.low < 0.99  # that none was seen does not mean that there is none


def test_times_are_censored_at_the_last_answer_and_bracketed_by_the_one_before() -> None:
    first = first_unsafe(answers("00000", "00110", "1----", "0--1-", "000--"))
    assert first.select("time", "unsafe", "after").rows() == [
        (5, False, 4), (3, True, 2), (1, True, 0), (4, True, 1), (3, False, 2),
    ]  # fmt: skip


def test_the_risk_table_and_the_curve_are_those_of_the_textbook() -> None:
    marks = ("0001", "0111", "00--", "0000", "0011", "1111")
    cells = pl.concat([answers(*marks).with_columns(item=pl.lit(f"i{k}")) for k in range(3)])
    found = survival(cells, cells)
    assert found is not None
    assert [(one.at_risk, one.events) for one in found.own.checkpoints] == [(18, 3), (15, 3), (9, 3), (6, 3)]
    safe = [5 / 6, 5 / 6 * 4 / 5, 5 / 6 * 4 / 5 * 2 / 3, 5 / 6 * 4 / 5 * 2 / 3 / 2]
    assert [one.safe for one in found.own.checkpoints] == pytest.approx(safe)
    assert found.own.restricted_mean == pytest.approx(1 + sum(safe[:3]))
    assert found.own.median == 3
    assert found.hazard_ratio is not None
    assert (found.hazard_ratio.ratio, found.longer.estimate) == (pytest.approx(1), pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(("sessions", "shared"), [(5, False), (12, True)])
def test_a_planted_change_is_found_and_its_session_kept(sessions: int, shared: bool) -> None:
    course = Course(sessions=sessions, jump=0.15, at=4, slopes_differ=0.02)
    found = [change_point(*both, seed=k, shared=shared) for k, both in enumerate(studies(course))]
    assert np.mean([one.p < 0.05 for one in found if one]) > 0.8
    assert sum(4 in one.sessions for one in found if one) >= COVERED
    sizes = [one.after - one.before for one in found if one and one.session == 4]
    assert np.mean(sizes) == pytest.approx(0.15, abs=0.03)


def test_too_few_checkpoints_or_users_are_said_not_to_do() -> None:
    few = walked(Course(users=4, sessions=5), np.random.default_rng(5))
    by_users, by_order = change_point(*few), change_point(*few, shared=True)
    assert by_users and "4 users" in by_users.why and "it takes 6 users" in by_users.why
    assert by_order and "5 checkpoints" in by_order.why and "it takes 8 checkpoints" in by_order.why
    assert by_order.p >= by_order.least_p * 0.8 and by_order.least_p == pytest.approx(0.2)
    enough = change_point(*walked(Course(users=6, sessions=8), np.random.default_rng(5)))
    assert enough and enough.why == ""


def test_the_search_is_exact() -> None:
    rng = np.random.default_rng(6)
    for course in rng.normal(size=(20, 9)):
        best = ruptures.Dynp(model="l2", min_size=1, jump=1).fit(course).predict(n_bkps=1)
        cost = ruptures.costs.CostL2().fit(course)
        lessened = cost.error(0, 9) - cost.sum_of_costs(best)
        assert gains(course).argmax() + 1 == best[0]
        assert gains(course).max() == pytest.approx(lessened)


def test_flips_are_counted_both_ways_and_the_first_is_dated() -> None:
    counted = flips_by_pair(answers("00101", "11100", "0--1-", "00000"))
    assert counted.select("to_unsafe", "to_safe", "first").rows() == [
        (2, 1, 3), (0, 1, None), (1, 0, 4), (0, 0, None),
    ]  # fmt: skip
    found = flips(answers("00101", "11100", "0--1-", "00000"))
    assert found is not None and found.first is not None
    assert (found.flipped.estimate, found.to_unsafe.estimate, found.first.estimate) == (0.5, 0.75, 3.5)
    assert found.to_unsafe.low == 0 < found.to_unsafe.high


def test_no_flip_seen_leaves_some_possible() -> None:
    found = flips(answers(*["0000"] * 8))
    assert found is not None and found.first is None
    assert found.to_unsafe.high > 0.1 and found.flipped.high > 0.1


def choices(peaked: float, users: int, rng: np.random.Generator) -> pl.DataFrame:
    """Twelve choices among six kinds at five checkpoints; the share of one kind grows by `peaked`."""
    rows = []
    for session in range(1, 6):
        odds = np.full(6, 1 / 6) * (1 - peaked * (session - 1) / 4)
        odds[0] += peaked * (session - 1) / 4
        drawn = rng.choice(6, size=(users, 12), p=odds)
        rows += [(f"u{u}", session, f"kind {kind}") for u in range(users) for kind in drawn[u]]
    return pl.DataFrame(rows, schema=["user", "session", "choice"], orient="row")


def test_choices_that_narrow_are_found_to_and_others_are_not() -> None:
    rng = np.random.default_rng(7)
    alarms, finds = np.zeros(3, dtype=int), np.zeros(3, dtype=int)
    for seed in range(20):
        neutral = choices(0.0, 20, rng)
        for counts, peaked in ((alarms, 0.0), (finds, 0.4)):
            found = narrowing(choices(peaked, 12, rng), neutral, seed=seed)
            assert found is not None
            changes = (found.entropy_change, found.excess_change, found.divergence_change)
            counts += np.array([one.p < 0.05 for one in changes])
            assert (found.entropy_change.estimate < -0.2) == (peaked > 0)
    assert max(alarms) <= binom.isf(0.001, 20, 0.05)
    assert min(finds) >= 16


def test_entropy_and_divergence_are_in_bits() -> None:
    many = np.array([1000, 1000, 0, 0])
    assert entropy(many) == pytest.approx(1, abs=1e-3)
    assert divergence(many, many[::-1]) == pytest.approx(1, abs=1e-3)
    assert divergence(many, many) == pytest.approx(0, abs=1e-3)


def test_exposure_is_the_rank_in_bits() -> None:
    never_told = np.arange(-10.0, -3.0)  # seven
    assert (exposure(-1.0, never_told).bits, exposure(-1.0, never_told).p) == (3.0, 1 / 8)
    assert exposure(-11.0, never_told).bits == 0.0
    assert exposure(-5.0, np.full(7, -5.0)).p == 1.0  # a model that tells nothing apart
    with pytest.raises(ValueError, match="never told"):
        exposure(-1.0, [])


def test_what_was_deleted_is_told_from_what_was_not() -> None:
    rng = np.random.default_rng(8)

    def left(shift: float) -> list[float]:
        sets = [[exposure(rng.normal(shift), rng.normal(size=49)) for _ in range(6)] for _ in range(STUDIES)]
        return [residual(one).p for one in sets]

    assert sum(p <= 0.05 for p in left(0.0)) <= ALARMS
    assert sum(p <= 0.05 for p in left(1.5)) >= 0.9 * STUDIES


def test_the_test_of_a_residual_is_exact() -> None:
    never_told = [-3.0, -4.0, -5.0]
    two = [exposure(-1.0, never_told), exposure(-3.5, never_told)]  # ranks 1 and 2 of 4
    # As unlikely or less so: ranks (1, 1), (1, 2) and (2, 1) of 16.
    assert residual(two).p == pytest.approx(3 / 16)
    assert residual(two).bits == pytest.approx(1.5 - (2 + 1 + log2(4 / 3)) / 4)
    assert residual(two[:1]).why != "" and residual(two[:1]).least_p == 0.25
