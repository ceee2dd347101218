"""`forwhom plan` of a study of factors: what can be told of layers together, and what it costs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from forwhom.cli import app, main

STUDY = """name: stacks
tolerance: 0.3
factors:
  - name: profile
    layers: [prompting: {representation: profile}]
  - name: retrieval
    layers: [retrieval: {k: 2}]
  - name: persona
    layers: [prompting: {representation: persona}]
composition: {design: fractional, resolution: 3}
probes:
  - {probe: sycophancy, users: 8, at_risk: 3, controls: 0}
"""

WIDER = STUDY.replace("tolerance: 0.3", "tolerance: 0.5")
DECIDABLE = WIDER.replace("resolution: 3", "resolution: 3, largest: 1")
Plan = Callable[..., str]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """What `forwhom plan` writes of a study, on lines of any length."""
    monkeypatch.setattr("forwhom.cli.console._PIPED_WIDTH", 400)

    def planned(*flags: str, text: str = STUDY) -> str:
        path = tmp_path / "study.yaml"
        path.write_text(text)
        shown = CliRunner().invoke(app, ["plan", str(path), *flags], catch_exceptions=False)
        assert shown.exit_code == 0
        return shown.stdout

    return planned


def as_json(plan: Plan, *flags: str, text: str = STUDY) -> Any:
    return json.loads(plan("--format", "json", *flags, text=text))


def test_systems_confused_effects_and_smallest_effects_are_told(plan: Plan) -> None:
    told = plan()
    assert "4 systems of 8 possible combinations" in told
    assert "Effects of one layer: 3 estimable, 0 of them told from all others" in told
    assert "profile cannot be told from retrieval × persona" in told
    assert "Not estimable: profile × retrieval, profile × persona, retrieval × persona." in told
    smallest = as_json(plan)["together"]["probes"][0]["smallest"]["1"]
    assert f"{100 * smallest:.0f} points of one layer" in told


def test_every_system_is_asked_the_same_and_stands_in_one_row(plan: Plan) -> None:
    rows = [line.split() for line in plan().splitlines() if "each system" in line]
    (first, *others) = as_json(plan)["rows"]
    assert [row[2:6] for row in rows] == [
        ["sycophancy", str(first["cells"]), str(first["at_risk"]), str(first["users"])]
    ]
    assert all(one["cells"] == first["cells"] for one in others)


def test_effects_of_two_are_clear_in_a_full_design_and_larger(plan: Plan) -> None:
    full = STUDY.replace("design: fractional, resolution: 3", "design: full")
    together = as_json(plan, text=full)["together"]
    assert together["systems"] == together["combinations"] == 8
    assert [(one["effect"], one["aliases"]) for one in together["effects"]] == [
        ("profile", []),
        ("retrieval", []),
        ("persona", []),
        ("profile × retrieval", []),
        ("profile × persona", []),
        ("retrieval × persona", []),
    ]
    assert not together["lost"]
    (probe,) = together["probes"]
    # A difference of differences has twice the error of a difference, on the same runs.
    assert probe["smallest"]["2"] == pytest.approx(2 * probe["smallest"]["1"])
    assert "cannot be told from" not in plan(text=full)


def test_the_plan_for_scripts_says_what_the_layers_together_can_show(plan: Plan) -> None:
    planned = as_json(plan)
    together = planned["together"]
    assert (together["systems"], together["combinations"]) == (4, 8)
    assert together["effects"][0] == {"effect": "profile", "order": 1, "aliases": ["retrieval × persona"]}
    assert together["lost"] == ["profile × retrieval", "profile × persona", "retrieval × persona"]
    assert together["further"] == 0  # the search could show nothing
    (probe,) = together["probes"]
    assert probe["probe"] == "sycophancy"
    assert 0 < probe["smallest"]["1"] < 1
    assert (
        "8 users and 12 items cannot show a combination to be emergent at a tolerance of 30%"
        in probe["emergence"]
    )
    assert "dollars" not in planned


def test_the_search_asks_no_more_than_the_cells_allow(plan: Plan) -> None:
    cells = as_json(plan)["cells"]
    for allowed, further in ((cells, 0), (cells + 7, 7), (10 * cells, cells)):
        # As many systems more as the design has.
        text = DECIDABLE.replace("resolution: 3", f"resolution: 3, cells: {allowed}")
        assert as_json(plan, text=text)["together"]["further"] == further
    off = DECIDABLE.replace("resolution: 3", "resolution: 3, search: false")
    assert as_json(plan, text=off)["together"]["further"] == 0
    assert "the search may ask" not in plan(text=off)


def test_what_the_search_costs_is_told_at_most(plan: Plan) -> None:
    cells = as_json(plan)["cells"]
    said = plan("--price", "0.5:1.5", text=DECIDABLE)
    assert f"the search may ask up to {cells} cells more (at most about " in said
    assert "minutes and $0.0" in said


def test_fewer_users_can_show_only_larger_effects_or_none(plan: Plan) -> None:
    few = as_json(plan, text=STUDY.replace("users: 8", "users: 4"))["together"]["probes"][0]["smallest"]
    assert few["1"] > as_json(plan)["together"]["probes"][0]["smallest"]["1"]
    none = STUDY.replace("users: 8", "users: 2")
    assert as_json(plan, text=none)["together"]["probes"][0]["smallest"] == {}
    assert "none: too few users or items" in plan(text=none)


def test_a_price_gives_dollars_in_both_formats(plan: Plan) -> None:
    planned = as_json(plan, "--price", "0.5:1.5")
    read, written = planned["tokens"] - planned["tokens_out"], planned["tokens_out"]
    assert read > written > 0
    assert planned["dollars"] == pytest.approx((0.5 * read + 1.5 * written) / 1e6, abs=1e-4)
    assert as_json(plan, "--price", "0:1000000")["dollars"] == written
    assert f"about ${50 * read + 150 * written:,.2f}." in plan("--price", "50000000:150000000")
    assert "$" not in plan()


@pytest.mark.parametrize("price", ["0.5", "0.5:x", "1:2:3", "-1:2", "1:-2", ":", "a"])
def test_a_wrong_price_ends_with_2_and_says_what_is_expected(
    price: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    monkeypatch.setattr(sys, "argv", ["forwhom", "plan", str(path), f"--price={price}"])
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert f"--price: expected two amounts in dollars, as 0.5:1.5; found '{price}'" in shown.err
    assert "Traceback" not in shown.err
    assert not shown.out


@pytest.mark.parametrize("price", ["nan:1", "1:inf"])
def test_a_price_is_a_number_of_dollars(price: str, plan: Plan) -> None:
    with pytest.raises(Exception, match="expected two amounts"):
        plan("--format", "json", "--price", price)


def test_an_adapter_that_systems_share_is_fitted_once() -> None:
    shown = CliRunner().invoke(app, ["plan", "--suite", "composition", "--limit", "3", "--format", "json"])
    planned = json.loads(shown.stdout)
    systems = {row["system"] for row in planned["rows"]}
    fitted = [name for name in systems if {"finetuning", "reinforcement", "pruning"} & set(name.split("+"))]
    assert len(systems) == 16
    assert len(fitted) == 14
    # Of three layers that change the weights: the seven chains that there are.
    assert planned["fits"] == 7 * 3
