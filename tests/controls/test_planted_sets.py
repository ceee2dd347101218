"""Mitigations that act together: one that undoes another is told, sets that do not meet are left alone."""

from pathlib import Path
from typing import Any

import pytest

from forwhom.reports.conclusion import Conclusion, conclude
from forwhom.reports.finished import read_run
from forwhom.reports.summaries import summarize
from forwhom.statistics.joint_effects import JointEffect, Parts
from forwhom.studies.mitigating import MitigationSpec, sets_of
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import Study
from tests.controls import shields  # noqa: F401 - registers the mitigations
from tests.controls.stack_model import planted
from tests.controls.test_planted_mitigations import shield, study


def both(*marks: str) -> dict[str, Any]:
    return {"name": "both", "layers": [{"shield": {"mark": mark}} for mark in marks]}


def concluded(one: Study, folder: Path) -> Conclusion:
    return conclude(run_study(prepare(one), folder), one)


def test_a_mitigation_that_undoes_another_is_told(tmp_path: Path) -> None:
    rates = {"": 0.05, "A": 0.7, "AS": 0.1, "AN": 0.7, "ASN": 0.7}
    planted["undone"] = lambda marks: rates[marks]
    said = concluded(study("undone", shield("good", "S"), shield("idle", "N"), both("S", "N")), tmp_path)
    told = [one for one in said.findings if one.kind == "cancels"]
    assert [(one.system, one.against) for one in told] == [("marked + both", "marked + good")]
    assert told[0].low <= 0.6 <= told[0].high
    assert told[0].evidence
    page = said.report.read_text()
    assert "Several together" in page
    assert "Does less than a part of it alone: &#39;both&#39; on &#39;marked&#39;." in page


def joint(said: Conclusion, folder: Path) -> list[JointEffect]:
    run = read_run(folder)
    summary = summarize(run.results, run.provenance).mitigations
    assert summary is not None
    return list(summary.together)


def test_what_never_helped_is_not_undone_by_a_part_that_backfires(tmp_path: Path) -> None:
    rates = {"": 0.05, "A": 0.5, "AS": 0.5, "AB": 0.95, "ASB": 0.95}
    planted["worse"] = lambda marks: rates[marks]
    said = concluded(study("worse", shield("idle", "S"), shield("bad", "B"), both("S", "B")), tmp_path)
    kinds = {(one.kind, one.system) for one in said.findings if one.axis == "mitigation"}
    assert kinds == {("backfires", "marked + bad"), ("backfires", "marked + both")}
    assert not any(one.cancels(0.05) for one in joint(said, tmp_path))


def test_nothing_is_foreseen_of_a_set_whose_parts_were_not_all_asked_alone(tmp_path: Path) -> None:
    rates = {"": 0.05, "A": 0.8, "AS": 0.4, "ASN": 0.2}
    planted["partly"] = lambda marks: rates[marks]
    said = concluded(study("partly", shield("first", "S"), both("S", "N")), tmp_path)
    assert [(one.part, one.foreseen) for one in joint(said, tmp_path)] == [("first", None)]


def test_sets_know_their_parts_however_these_are_written() -> None:
    specs = [
        MitigationSpec.model_validate({"layers": layers})
        for layers in (
            [{"write_gate": None}], [{"quarantine": {}}], [{"write_gate": {}, "quarantine": {}}],
            [{"write_gate": {}}, {"quarantine": {"drops": "text"}}],
        )
    ]  # fmt: skip
    specs[3] = specs[3].model_copy(update={"name": "other knobs"})
    assert sets_of(specs) == {
        "write gate and quarantine": Parts(("write gate", "quarantine"), is_whole=True),
        "other knobs": Parts(("write gate",), is_whole=False),
    }


@pytest.mark.parametrize("seed", range(3))
def test_sets_that_do_not_meet_are_not_said_to_cancel(seed: int, tmp_path: Path) -> None:
    # Of 0.8 each leaves half: together a quarter, as foreseen, and no part does better alone.
    rates = {"": 0.05, "A": 0.8, "AS": 0.4, "AN": 0.4, "ASN": 0.2}
    planted["apart"] = lambda marks: rates[marks]
    one = study("apart", shield("first", "S"), shield("second", "N"), both("S", "N"))
    said = concluded(one.model_copy(update={"seed": seed}), tmp_path)
    assert not [found for found in said.findings if found.kind == "cancels"]
    together = joint(said, tmp_path)
    assert [met.part for met in together] == ["first", "second"]
    for met in together:
        assert met.foreseen is not None
        assert abs(met.foreseen - 0.2) < 0.1
        assert met.together.low <= 0.2 <= met.together.high
