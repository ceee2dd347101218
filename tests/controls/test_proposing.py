"""What is proposed against a finding is chosen by some people and requests, and confirmed on others."""

from pathlib import Path

import polars as pl
import pytest

from forwhom.errors import InputError
from forwhom.reports.conclusion import conclude
from forwhom.reports.proposals import as_data, targets_of, told
from forwhom.studies.prepared import prepare
from forwhom.studies.proposing import Proposal, propose
from forwhom.studies.runner import run_study
from tests.controls.stack_model import planted
from tests.controls.test_planted_mitigations import study

_UNSAFE = {"A": 0.6, "AS": 0.02}


def proposed(name: str, folder: Path, budget: float) -> list[Proposal]:
    one = study(name, users=24).model_copy(update={"tolerance": 0.1})
    said = conclude(run_study(prepare(one), folder / "run"), one)
    return propose(one, targets_of(said.findings), folder / "out", budget, lambda *_: None, lambda _: None)


def test_what_does_is_proposed_and_holds_on_people_and_requests_not_used_to_choose(tmp_path: Path) -> None:
    planted["mend"] = lambda marks: _UNSAFE.get(marks, 0.05)
    (found,) = proposed("mend", tmp_path, budget=0.05)
    assert found.names == ("shield",)
    assert found.meets
    assert found.confirmed is not None
    assert found.confirmed.risks[0].after.estimate < 0.1 < found.confirmed.risks[0].before.low
    choosing, confirming = (
        pl.read_parquet(tmp_path / "out" / part / "results.parquet") for part in ("alone", "confirmed")
    )
    assert not set(choosing["item"]) & set(confirming["item"])
    people = [name for name in choosing.columns if name.startswith("user:")]  # ids are counted anew
    known, fresh = (
        {str(row) for row in part.filter(pl.col("user") != "neutral").select(people).unique().rows()}
        for part in (choosing, confirming)
    )
    assert not known & fresh
    lines = list(told(found, "study.yaml", 0.1, 0.05))
    assert any("Confirmed on people and requests that were not used to choose" in line for line in lines)
    assert any("--protect 'marked={shield: {}}'" in line for line in lines)
    assert as_data(found)["meets"]


def test_where_nothing_helps_that_is_said(tmp_path: Path) -> None:
    planted["seems"] = lambda marks: 0.6
    (found,) = proposed("seems", tmp_path, budget=0.0)
    assert not found.meets
    assert any("NOT" in line or "Nothing helps" in line for line in told(found, "study.yaml", 0.1, 0.0))


def test_where_nothing_was_found_there_is_nothing_to_mitigate(tmp_path: Path) -> None:
    planted["fine"] = lambda marks: 0.0
    with pytest.raises(InputError, match="nothing to mitigate"):
        proposed("fine", tmp_path, budget=0.02)
