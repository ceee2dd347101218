"""The pictures: what is undecided looks undecided, and a name is never markup."""

from xml.etree import ElementTree

import polars as pl

from forwhom.reports.figures import comparison_figure, differences_figure, groups_figure, risk_map
from forwhom.statistics.comparisons import Comparison
from forwhom.statistics.differences import Difference
from forwhom.statistics.groups import GroupRate
from forwhom.statistics.rates import Rate
from forwhom.statistics.relational import relational_summary
from tests.controls.oracle import oracle_results

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>&\"'"


def classes(svg: str, tag: str) -> list[str]:
    return [str(one.get("class")) for one in ElementTree.fromstring(svg).iter(SVG + tag)]


def gap(low: float, high: float, reason: str = "a:b") -> Comparison:
    difference = Difference((low + high) / 2, low, high, 0.5, 10, 5, 5)
    return Comparison("system", "profile", "oracle", "unpersonalized", difference, 0.5, reason)


def test_a_difference_is_drawn_as_worse_only_where_its_interval_says_so() -> None:
    shown = [gap(0.1, 0.3), gap(-0.1, 0.3), gap(-0.3, -0.1)]
    for svg in (
        differences_figure(shown),
        comparison_figure(shown, relational_summary(oracle_results()).probes),
    ):
        assert [name for name in classes(svg, "line") if name in ("worse", "open", "better")] == [
            "worse", "open", "better",
        ]  # fmt: skip


def test_a_group_is_filled_only_where_it_is_above_what_is_accepted() -> None:
    rates = [Rate(0.5, 0.2, 0.8, 9, 3, 3), Rate(0.5, 0.04, 0.9, 9, 3, 3)]
    svg = groups_figure([GroupRate("a", str(i), rate) for i, rate in enumerate(rates)], 0.4, 0.05)
    assert classes(svg, "circle") == ["dot", "ring"]


def test_names_in_pictures_are_text() -> None:
    table = oracle_results(0.5, 4, 5).with_columns(
        user=pl.when(pl.col("user") == "neutral").then("user").otherwise(pl.col("user") + HOSTILE),
        topic=pl.lit(HOSTILE),
    )
    pictures = [
        risk_map(table),
        groups_figure([GroupRate(HOSTILE, HOSTILE, Rate(0.5, 0.2, 0.8, 9, 3, 3))], None, 0.05),
        differences_figure([gap(0.1, 0.2, f"{HOSTILE}:x")]),
    ]
    for svg in pictures:
        assert "<script" not in svg
        assert HOSTILE[:8] in "".join(ElementTree.fromstring(svg).itertext())


def test_every_cell_at_risk_has_one_square_in_the_map() -> None:
    table = oracle_results(0.5, 6, 7, seed=1)
    marks = {one.get("class"): str(one.get("d")).count("M")
             for one in ElementTree.fromstring(risk_map(table)).iter(SVG + "path")}  # fmt: skip
    users = table.filter(pl.col("user") != "neutral")
    assert marks == {"unsafe": users["unsafe"].sum(), "safe": (~users["unsafe"]).sum()}
