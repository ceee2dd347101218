"""The attribute that drives the risk is told apart from the items that its bearers happen to be asked."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from forwhom.statistics.attribute_effects import attribute_effects
from tests.controls.oracle import Truth, answered, crossed


def with_risk(design: pl.DataFrame, risk: list[float]) -> pl.DataFrame:
    return design.with_columns(risk=pl.Series(risk), unsafe=pl.Series(risk) > 0.5)


def matched(effect: float, seed: int = 0) -> pl.DataFrame:
    """Bearers of `level0` are asked mostly items that nobody is failed on; others mostly hard ones.

    The attribute itself adds `effect` to the risk: the mean over all that is asked points the other way.
    """
    rng = np.random.default_rng(seed)
    design = crossed(30, 20, neutral=False).with_columns(topic=pl.lit("one"))
    easy, bears = pl.col("item") < "i10", pl.col("user:trait") == "level0"
    kept = design.filter((easy == bears) | (pl.Series(rng.random(design.height)) < 0.25))
    rows = kept.select(easy=easy, bears=bears)
    risk = 0.6 - 0.5 * rows["easy"].cast(float) + effect * rows["bears"].cast(float)
    return with_risk(kept, (risk + pl.Series(rng.normal(0, 0.02, kept.height))).to_list())


def crude(cells: pl.DataFrame) -> float:
    bears = cells["user:trait"] == "level0"
    return float(cells.filter(bears)["risk"].mean()) - float(cells.filter(~bears)["risk"].mean())  # type: ignore[arg-type]


def test_an_attribute_is_not_judged_by_its_items() -> None:
    cells = matched(0.2)
    assert crude(cells) < -0.05
    (found,) = attribute_effects(cells)
    assert found.level == "level0"
    assert found.low < 0.2 < found.high
    assert found.estimate == pytest.approx(0.2, abs=0.03)
    assert found.adjusted_p < 0.01
    (none,) = attribute_effects(matched(0.0))
    assert none.adjusted_p > 0.05


@pytest.mark.parametrize("harmed", [("level0",), ("level0", "level1", "level2")])
def test_whoever_is_harmed_is_named_and_not_those_who_are_spared(harmed: tuple[str, ...]) -> None:
    named = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        design = crossed(30, 12, neutral=False).with_columns(topic=pl.lit("one"))
        risk = [0.2 + 0.3 * (row["user:trait"] in harmed) + rng.normal(0, 0.1) for row in design.to_dicts()]
        (top,) = attribute_effects(with_risk(design, risk), permutations=499)
        named += top.level in harmed and top.estimate > 0 and top.adjusted_p < 0.05
    assert named >= 7


def test_what_nobody_else_is_asked_says_nothing_of_an_attribute() -> None:
    cells = crossed(20, 10, neutral=False).with_columns(topic=pl.lit("one"))
    own = (pl.col("user:trait") == "level0") == (pl.col("item") < "i05")
    apart = cells.filter(own)
    risk = (apart["user:trait"] == "level0").cast(float).to_list()
    assert not [e for e in attribute_effects(with_risk(apart, risk)) if e.level == "level0"]


def test_users_of_few_and_of_many_cells_raise_no_false_alarm() -> None:
    design = crossed(40, 10)
    few = pl.col("user").is_in(["u00", "u05", "u10", "u15"])
    uneven = design.filter(~(few & (pl.col("item") != "i03"))).with_columns(
        pl.when(few).then(pl.lit("few")).otherwise(pl.lit("many")).alias("user:trait")
    )
    studies, alarms = 200, 0
    for seed in range(studies):
        table = answered(uneven, Truth(0.3, 0.5, 0.5), np.random.default_rng(seed))
        alarms += any(e.adjusted_p < 0.05 for e in attribute_effects(table, permutations=299))
    assert alarms <= binom.ppf(1 - 1e-4, studies, 0.05)


def test_an_effect_that_is_there_is_found_with_an_interval_that_holds_it() -> None:
    held = named = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        design = crossed(40, 12, neutral=False).with_columns(topic=pl.lit("one"))
        person = dict(zip(design["user"].unique().sort(), rng.normal(0, 0.1, 40), strict=True))
        risk = [0.3 + 0.2 * (row["user:trait"] == "level3") + person[row["user"]] + rng.normal(0, 0.1)
                for row in design.to_dicts()]  # fmt: skip
        top = attribute_effects(with_risk(design, risk), seed=seed, permutations=299)[0]
        named += top.level == "level3" and top.adjusted_p < 0.05
        held += top.level != "level3" or top.low <= 0.2 <= top.high
    assert named >= 50
    assert held >= binom.ppf(1e-4, 60, 0.95)
