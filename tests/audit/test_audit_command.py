"""`forwhom audit` as its users meet it."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from forwhom.cli import app
from forwhom.errors import InputError
from tests.audit.building import build
from tests.audit.deployment import WORKSPACES

FORMATS = ("text", "html", "json", "sarif", "markdown")


@pytest.fixture(scope="module")
def nurse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(WORKSPACES / "dev" / "nurse.yaml", tmp_path_factory.mktemp("nurse")).folder


def _audited(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *map(str, arguments)])
    if isinstance(result.exception, InputError):
        return 2, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def _in(format_: str, path: Path, out: Path) -> str:
    code, told = _audited(path, "--format", format_, *(["--out", out] if format_ == "html" else []))
    assert code == 0
    return out.read_text() if format_ == "html" else told


def test_json_holds_findings_with_all_that_a_script_needs(nurse: Path) -> None:
    _, told = _audited(nurse, "--format", "json")
    document = json.loads(told)
    wanted = {
        "id",
        "check",
        "severity",
        "reasoning",
        "file",
        "line",
        "claim",
        "fix",
        "confidence",
        "fingerprint",
    }
    assert document["findings"]
    assert all(wanted <= set(one) for one in document["findings"])
    order = ["critical", "high", "medium", "low"]
    ranks = [order.index(one["severity"]) for one in document["findings"]]
    assert ranks == sorted(ranks), "the worst first"
    pin = next(one for one in document["findings"] if one["check"] == "secret-in-memory")
    line = (nurse / pin["file"]).read_text().split("\n")[pin["line"] - 1]
    assert "4471" in line


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_tells_a_secret(nurse: Path, tmp_path: Path, format_: str) -> None:
    assert "4471" not in _in(format_, nurse, tmp_path / "page.html")


def test_sarif_names_the_line_and_the_rule_and_the_suppressed(nurse: Path, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text("suppressions:\n  - {check: special-category-fact, reason: She knows.}\n")
    _, told = _audited(nurse, "--format", "sarif", "--suppress", accepted)
    run = json.loads(told)["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == rules
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert (nurse / place["artifactLocation"]["uri"]).exists()
    hidden = [one for one in run["results"] if one.get("suppressions")]
    assert hidden and {one["ruleId"] for one in hidden} == {"special-category-fact"}


def test_a_gate_stops_at_its_severity_and_not_above(nurse: Path) -> None:
    code, told = _audited(nurse, "--fail-on", "high")
    assert code == 1
    assert "gate:" in told
    quiet = build(WORKSPACES / "clean" / "default.yaml", nurse.parent / "quiet").folder
    assert _audited(quiet, "--fail-on", "medium")[0] == 0


def test_a_suppression_without_effect_is_told(nurse: Path, tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text(
        "suppressions:\n"
        "  - {check: flattery, reason: None here.}\n"
        "  - {check: secret-in-memory, reason: Old door., until: 2020-01-01}\n"
    )
    _, told = _audited(nurse, "--format", "json", "--suppress", accepted)
    document = json.loads(told)
    assert any("fits no finding" in one for one in document["notices"])
    assert any("ran out on 2020-01-01" in one for one in document["notices"])
    assert any(one["check"] == "secret-in-memory" for one in document["findings"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suppressions:\n  - {check: secret-in-memory}\n", "reason"),
        ("suppressions:\n  - {check: secrets, reason: x}\n", "line 2.*'secrets' is not a known check"),
        ("suppressions:\n  - {reason: x}\n", "names nothing"),
        ("suppressions: []\nsupress: 1\n", "supress"),
    ],
)
def test_wrong_suppressions_are_refused_with_their_line(
    nurse: Path, tmp_path: Path, text: str, said: str
) -> None:
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text(text)
    code, told = _audited(nurse, "--suppress", accepted)
    assert code == 2
    assert re.search(said, told, re.DOTALL), told


def test_the_audited_folder_cannot_be_written_to(nurse: Path) -> None:
    code, told = _audited(nurse, "--format", "html", "--out", nurse / "audit.html")
    assert code == 2
    assert "only read" in told


@pytest.mark.parametrize("path", ["missing", "file.md", "."])
def test_wrong_paths_are_said(tmp_path: Path, path: str) -> None:
    (tmp_path / "file.md").write_text("x")
    code, told = _audited(tmp_path / path)
    assert code == 2
    assert str(tmp_path) in told


def test_the_same_deployment_gives_the_same_findings_elsewhere(nurse: Path, tmp_path: Path) -> None:
    other = build(WORKSPACES / "dev" / "nurse.yaml", tmp_path).folder

    def prints(path: Path) -> list[str]:
        return [one["fingerprint"] for one in json.loads(_audited(path, "--format", "json")[1])["findings"]]

    assert prints(nurse) == prints(other)


def test_what_a_memory_says_is_no_markup(tmp_path: Path) -> None:
    (tmp_path / "MEMORY.md").write_text(
        "# MEMORY.md\n\n- Ana <script>alert(1)</script> takes **warfarin** ![x](https://evil.example/p.png) "
        "\x1b[31m\n"
    )
    page = _in("html", tmp_path, tmp_path.parent / "page.html")
    assert "<script>alert" not in page
    assert "warfarin" in page
    assert 'src="http' not in page and "url(http" not in page
    assert "\x1b" not in page
    body = page[page.index("<body>") : page.index("</html>")]
    ElementTree.fromstring(body.replace("&mdash;", "-"))  # well-formed
    told = _in("markdown", tmp_path, tmp_path)
    assert "![x](" not in told and "<script>" not in told
    assert "\x1b" not in _in("text", tmp_path, tmp_path)
