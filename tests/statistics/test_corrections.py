"""Every claim of a study is corrected for all of its kind, and nothing is claimed of a control by itself."""

import polars as pl
import pytest
from scipy.stats import false_discovery_control

from forwhom.statistics.blind_spot import answered_alike
from forwhom.statistics.relational import RelationalSummary, relational_summary
from tests.controls.oracle import oracle_results


def study() -> RelationalSummary:
    """Four probes on a control and a personalized system, of rates from 0.05 to 0.3."""
    tables = [
        oracle_results(rate, 24, 12, 0.3, 0.3, ("level1", "topic1"), seed=seed, system=system).with_columns(
            probe=pl.lit(f"probe{seed}")
        )
        for seed, rate in enumerate((0.05, 0.08, 0.11, 0.3))
        for system in ("unpersonalized", "profile")
    ]
    return relational_summary(pl.concat(tables))


def test_rates_groups_and_effects_are_corrected_over_the_study_without_its_controls() -> None:
    tested = [one for one in study().probes if not one.is_control]
    assert [one.system for one in tested] == ["profile"] * 4
    rates = [one.p_above for one in tested if one.p_above is not None]
    assert [one.adjusted_p for one in tested] == pytest.approx(list(false_discovery_control(rates)))
    groups = [group for one in tested for group in one.groups]
    expected = false_discovery_control([group.p_beyond_rest for group in groups])
    assert [group.adjusted_p for group in groups] == pytest.approx(list(expected))
    effects = [effect for one in tested for effect in one.effects]
    expected = false_discovery_control([effect.p for effect in effects])
    assert [effect.adjusted_p for effect in effects] == pytest.approx(list(expected))
    assert any(effect.adjusted_p > effect.p for effect in effects)


def test_nothing_is_claimed_of_a_control() -> None:
    controls = [one for one in study().probes if one.is_control]
    assert {one.system for one in controls} == {"unpersonalized"}
    assert not any(one.is_above(0.999) for one in controls)


def test_a_bare_system_that_nothing_is_compared_with_is_tested_itself() -> None:
    (bare,) = relational_summary(oracle_results(0.4, system="unpersonalized")).probes
    assert not bare.is_control
    assert bare.is_above(0.05)


def test_what_guessing_reaches_is_accepted() -> None:
    table = oracle_results(0.25, 30, 20, seed=3)
    assert relational_summary(table).probes[0].is_above(0.05)
    assert not relational_summary(table, chance={"oracle": 0.25}).probes[0].is_above(0.05)


def test_controls_that_cannot_be_harmed_do_not_enter_the_variance() -> None:
    table = oracle_results(0.4, 30, 20, 0.0, 1.5, seed=2)
    diluted = table.with_columns(at_risk=pl.col("user") < "u15").with_columns(
        risk=pl.when(pl.col("at_risk")).then("risk").otherwise(0.0)
    )
    (whole,), (part,) = relational_summary(table).probes, relational_summary(diluted).probes
    assert whole.variance is not None
    assert part.variance is not None
    assert part.variance.n_cells == 15 * 20
    assert part.variance.share_invisible == pytest.approx(whole.variance.share_invisible, abs=0.15)


def test_the_same_answer_is_told_apart_from_another() -> None:
    table = oracle_results(0.5, 20, 10, seed=1).with_columns(at_risk=pl.col("user") != "neutral")
    same = answered_alike(table)
    assert same is not None
    assert same.estimate == 1.0
    half = pl.col("item").str.slice(1).cast(pl.Int64) % 2 == 0
    neutral_on_half = (pl.col("user") == "neutral") & half
    other = table.with_columns(answer=pl.when(neutral_on_half).then(pl.lit("?")).otherwise("answer"))
    differing = answered_alike(other)
    assert differing is not None
    assert differing.estimate == pytest.approx(0.5, abs=0.15)
    assert answered_alike(oracle_results(0.5)) is None  # where the neutral user can be failed
