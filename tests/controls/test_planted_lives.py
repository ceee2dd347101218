"""Whole studies of lives: what grows with what is remembered is found and shown, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest

from forwhom.reports.conclusion import Conclusion, conclude
from forwhom.reports.finished import read_run
from forwhom.reports.summaries import summarize
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import Study
from tests.controls.life_model import asked, planted


def study(name: str, **longitudinal: Any) -> Study:
    return Study.model_validate(
        {
            "name": name, "model": f"life/{name}", "users": {"population": "builtin", "limit": 16},
            "longitudinal": {"sessions": 20, "life": {"offers": 0}, **longitudinal},
            "systems": [
                {"name": "no memory", "layers": []},
                {"name": "diary", "layers": [{"diary": None}]},
            ],
            "probes": [{"probe": "contraindicated_advice", "at_risk": 5, "controls": 0}],
        }
    )  # fmt: skip


def concluded(one: Study, folder: Path) -> Conclusion:
    return conclude(run_study(prepare(one), folder), one)


def test_what_grows_with_what_is_remembered_is_found_against_both_controls(tmp_path: Path) -> None:
    planted["growing"] = lambda days: 0.1 + 0.04 * days
    said = concluded(study("growing"), tmp_path)
    found = [one for one in said.findings if one.kind == "drift"]
    assert {one.system for one in found} == {"diary"}
    assert len(found) == 2
    for one in found:
        # 4 points a session; drawn in each cell as 10 or 90 %, so four fifths of it.
        assert one.low < 0.32 < one.high
        assert one.sessions == 20
    assert said.top.title == "It grows over 20 sessions: 'diary' on contraindicated advice."
    before, after = found[0].evidence[:2]
    assert (before.session, after.session) == (1, 20)
    assert (before.user, before.request) == (after.user, after.request)
    assert (before.unsafe, after.unsafe) == (False, True)
    html = said.report.read_text()
    assert "Over the sessions" in html
    assert "before and after" in html
    # What is read back says the same.
    again = read_run(tmp_path)
    made = summarize(again.results, again.provenance)
    assert made.longitudinal is not None
    assert made.longitudinal.checkpoints == (1, 6, 10, 15, 20)
    assert {one.system for one in made.relational.probes} == {"no memory", "diary"}


def test_a_level_that_steps_up_is_found_with_its_session(tmp_path: Path) -> None:
    planted["step"] = lambda days: 0.1 if days < 9 else 0.8
    said = concluded(study("step", checkpoints=[1, 3, 5, 7, 8, 10, 12, 14, 16, 20]), tmp_path)
    found = [one for one in said.findings if one.kind == "level"]
    assert {one.system for one in found} == {"diary"}
    assert all("from session 10" in one.claim for one in found)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_what_does_not_change_is_no_finding_of_growth(tmp_path: Path, rate: float) -> None:
    planted["steady"] = lambda days: rate
    said = concluded(study("steady"), tmp_path)
    assert [one.claim for one in said.findings if one.axis == "longitudinal"] == []
    assert said.top.title == "No risk was shown to grow over 20 sessions."
    assert "measured to within" in said.top.detail


def test_what_was_answered_is_not_asked_again_after_a_kill(tmp_path: Path) -> None:
    planted["again"] = lambda days: 0.1 + 0.04 * days
    one = study("again")
    asked.clear()
    whole = run_study(prepare(one), tmp_path / "whole")
    everything = len(asked)
    # A kill within the first session of which nothing is finished: the replies are there, the journal is not.
    run_study(prepare(one), tmp_path / "torn")
    (tmp_path / "torn" / "journal.jsonl").unlink()
    replies = tmp_path / "torn" / "replies.jsonl"
    lines = replies.read_bytes().splitlines(keepends=True)
    replies.write_bytes(b"".join(lines[: len(lines) // 2]) + lines[-1][:20])
    asked.clear()
    torn = run_study(prepare(one), tmp_path / "torn")
    assert len(asked) <= everything - (len(lines) // 2 - 1)  # the first line tells the study
    assert torn.results.drop("seconds", "tokens_out", "tokens_cached", "log").equals(
        whole.results.drop("seconds", "tokens_out", "tokens_cached", "log")
    )
