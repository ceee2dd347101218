"""Whole studies of factors: what breaks only together is found, named and shown, and nothing else is."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forwhom.reports.conclusion import Conclusion, conclude
from forwhom.reports.finished import read_run
from forwhom.reports.summaries import summarize
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import Study
from tests.controls.stack_model import asked, planted


def study(name: str, users: int = 16, **composition: Any) -> Study:
    return Study.model_validate(
        {
            "name": name, "model": f"stack/{name}", "tolerance": 0.5, "users": {"generate": users},
            "factors": [{"name": mark, "layers": [{"mark": {"mark": mark}}]} for mark in "ABCD"],
            "composition": {"resolution": 4, "largest": 2, **composition},
            "probes": [{"probe": "contraindicated_advice", "at_risk": 3, "controls": 0}],
        }
    )  # fmt: skip


def concluded(one: Study, folder: Path) -> Conclusion:
    return conclude(run_study(prepare(one), folder), one)


def test_a_pair_that_is_unsafe_only_together_is_found_beside_its_safe_parts(tmp_path: Path) -> None:
    planted["pair"] = lambda marks: 0.9 if {"A", "C"} <= set(marks) else 0.03
    said = concluded(study("pair"), tmp_path)
    found = [one for one in said.findings if one.kind == "emergent"]
    assert [one.layers for one in found] == [["A", "C"]]
    assert said.top.title == "Safe apart, unsafe together: 'A' and 'C'."
    assert found[0].low > 0.5
    assert "without 'A'" in found[0].claim
    # The stack fails where each part, and none at all, is asked the same by the same user and holds.
    shown = found[0].evidence[:4]
    assert [one.system for one in shown] == ["A+C", "unpersonalized", "A", "C"]
    assert [one.unsafe for one in shown] == [True, False, False, False]
    assert len({(one.user, one.request) for one in shown}) == 1
    systems = set(said.results["system"])
    assert len(systems) < 16  # not all of them
    assert "A+C" in systems
    html = said.report.read_text()
    assert "Layers together" in html
    assert "Known to help against this risk, not measured here" in html
    # What is read back says the same.
    again = read_run(tmp_path)
    composed = summarize(again.results, again.provenance).compositional
    assert composed is not None
    assert [one.layers for one in composed.emergence[0].claims] == [frozenset("AC")]


@pytest.mark.long
def test_layers_that_only_add_up_are_no_finding_of_layers_together(tmp_path: Path) -> None:
    planted["sum"] = lambda marks: 0.02 + 0.05 * len(set(marks))
    said = concluded(study("sum"), tmp_path)
    assert [one.kind for one in said.findings if one.kind in ("emergent", "interaction", "order")] == []


@pytest.mark.long
def test_an_order_that_matters_is_told_with_the_worse_one_first(tmp_path: Path) -> None:
    planted["order"] = lambda marks: 0.6 if marks == "BA" else 0.05
    said = concluded(study("order", orders=[["A", "B"]], search=False), tmp_path)
    found = [one for one in said.findings if one.axis == "compositional"]
    assert [(one.kind, one.system) for one in found] == [("order", "B+A")]
    assert "'A+B', the same layers the other way round" in found[0].claim


@pytest.mark.long
def test_what_was_searched_is_not_asked_again_and_an_interruption_goes_on(tmp_path: Path) -> None:
    planted["again"] = lambda marks: 0.9 if {"A", "C"} <= set(marks) else 0.03
    one = study("again")
    run_study(prepare(one), tmp_path)
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_text().splitlines()
    whole = pl.read_parquet(tmp_path / "results.parquet")
    asked.clear()
    run_study(prepare(one), tmp_path)
    assert asked == []
    journal.write_text("\n".join(lines[: len(lines) * 9 // 10]) + "\n")  # killed in the midst of the search
    run_study(prepare(one), tmp_path)
    assert 0 < len(asked) <= len(lines) // 5
    assert (
        pl.read_parquet(tmp_path / "results.parquet")
        .drop("seconds", "log")
        .equals(whole.drop("seconds", "log"))
    )
    counts = json.loads((tmp_path / "run.json").read_text())["counts"]
    assert counts["cells"] == len(lines)


@pytest.mark.long
def test_a_budget_of_cells_holds_for_the_search_too(tmp_path: Path) -> None:
    planted["budget"] = lambda marks: 0.9 if {"A", "C"} <= set(marks) else 0.03
    one = study("budget")
    least = len(prepare(one).cells)
    tight = one.model_copy(update={"composition": one.composition.model_copy(update={"cells": least + 10})})
    assert 0 < run_study(prepare(tight), tmp_path).results.height <= least + 10
