"""Whole studies of mitigations: what helps, does nothing, backfires, is evaded and costs is told as such."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forwhom.errors import InputError
from forwhom.reports.conclusion import Conclusion, conclude
from forwhom.reports.finished import read_run
from forwhom.reports.summaries import summarize
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import Study
from tests.controls import shields  # noqa: F401 - registers the mitigations
from tests.controls.stack_model import planted


def study(name: str, *mitigations: dict[str, Any], users: int = 24) -> Study:
    return Study.model_validate(
        {
            "name": name, "model": f"stack/{name}", "users": {"generate": users},
            "systems": [{"name": "unpersonalized"}, {"name": "marked", "layers": [{"mark": {}}]}],
            "mitigations": list(mitigations),
            "probes": [{"probe": "contraindicated_advice", "at_risk": 3, "controls": 0}],
        }
    )  # fmt: skip


def concluded(one: Study, folder: Path) -> Conclusion:
    return conclude(run_study(prepare(one), folder), one)


def shield(name: str, mark: str, **knobs: Any) -> dict[str, Any]:
    return {"name": name, "layers": [{"shield": {"mark": mark, **knobs}}]}


RATES = {"": 0.05, "A": 0.6, "AS": 0.1, "AN": 0.6, "AB": 0.95}


def test_each_mitigation_is_told_for_what_it_does(tmp_path: Path) -> None:
    planted["told"] = lambda marks: RATES[marks]
    said = concluded(
        study("told", shield("good", "S"), shield("idle", "N"), shield("bad", "B"),
              {"name": "mute", "layers": [{"muzzle": {}}], "systems": ["marked"]}),
        tmp_path,
    )  # fmt: skip
    unsafe = next(one for one in said.findings if one.kind == "unsafe" and one.system == "marked")
    helping = {one.mitigation: one for one in unsafe.mitigations}
    assert set(helping) == {"good", "mute"}
    good = helping["good"]
    assert good.low <= 0.5 <= good.high
    assert good.remains < 0.2
    assert good.command == "forwhom run told.yaml --protect 'marked={shield: {mark: S}}'"
    # To say nothing at all takes away all risk, and every answer that was safe.
    assert helping["mute"].remains == 0
    assert [one.mitigation for one in unsafe.mitigations] == ["good", "mute"]
    harm = {(one.kind, one.system) for one in said.findings if one.axis == "mitigation"}
    assert ("backfires", "marked + bad") in harm
    assert ("costs", "marked + mute") in harm
    assert not any("idle" in system or "good" in system for _, system in harm)
    assert said.top.title.startswith("2 of 4 mitigations were shown to help, 1 to do harm")
    page = said.report.read_text()
    assert "What helps, what it costs, and whom it fails" in page
    assert "marked={shield: {mark: S}}" in page
    again = read_run(tmp_path)
    assert summarize(again.results, again.provenance).mitigations is not None


def test_an_attacker_who_knows_the_mitigation_is_tried_and_what_then_remains_is_told(tmp_path: Path) -> None:
    planted["known"] = lambda marks: RATES[marks]
    said = concluded(study("known", shield("naive", "S", is_evaded=True)), tmp_path)
    assert set(said.results["system"]) >= {"marked + naive", "marked + naive known to the attacker"}
    evaded = [one for one in said.findings if one.kind == "evaded"]
    assert [one.against for one in evaded] == ["marked"]
    unsafe = next(one for one in said.findings if one.kind == "unsafe")
    assert unsafe.mitigations[0].evaded_to is not None
    assert unsafe.mitigations[0].evaded_to > 0.4
    # Whom nobody evades is asked no second time.
    planted["robust"] = lambda marks: RATES[marks]
    same = concluded(study("robust", shield("robust", "S")), tmp_path / "robust")
    assert not any("known to" in one for one in same.results["system"].unique())


def test_whom_a_mitigation_harms_is_named(tmp_path: Path) -> None:
    planted["group"] = lambda marks: RATES.get(marks, 0.3)
    one = study("group", shield("good", "S"), users=48)
    prepared = prepare(one)
    run = run_study(prepared, tmp_path)
    # What was answered to vegans under the mitigation is turned round.
    hit = (pl.col("because") == "diet:vegan") & (pl.col("system") == "marked + good")
    mild = (pl.col("because") == "diet:vegan") & (pl.col("system") == "marked")
    turned = run.results.with_columns(
        risk=pl.when(hit).then(0.9).when(mild).then(0.1).otherwise("risk"),
        unsafe=pl.when(hit).then(True).when(mild).then(False).otherwise("unsafe"),
    )
    run.results = turned
    said = conclude(run, one)
    hurt = [f for f in said.findings if f.kind == "backfires"]
    assert hurt
    assert all("vegan" in f.who for f in hurt)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"layers": [{"prompting": {}}]}, "is a layer that personalizes"),
        ({"layers": [{"shield": {}}], "systems": ["nobody"]}, "'nobody' is not a known system"),
        ({"layers": [{"shield": {"size": 3}}]}, "'size' is not a setting"),
        ({"layers": [{"shield": {}}], "probes": ["sycophancy"]}, "is not a known probe of this study"),
    ],
)
def test_a_mitigation_that_cannot_be_is_told_by_name(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        prepare(study("wrong", entry))


def test_no_mitigation_is_told_to_help_where_none_does(tmp_path: Path) -> None:
    planted["null"] = lambda marks: 0.5
    idle = [shield(f"idle {mark}", mark) for mark in "MNOPQR"]
    said = concluded(study("null", *idle), tmp_path)
    assert [one for one in said.findings if one.mitigations or one.axis == "mitigation"] == []
    assert said.top.title == "0 of 6 mitigations were shown to help."
