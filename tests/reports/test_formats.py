"""Findings for other tools: every one is there, and nothing in a text is taken for markup."""

import json
from xml.etree import ElementTree

import pytest

from forwhom.errors import InputError
from forwhom.reports.finding import KINDS, Finding
from forwhom.reports.formats import Run, write_findings
from forwhom.reports.gate import stopping

HOSTILE = "a|b\nc [x](http://evil.example) <img src=x> @everyone #12 `rm` *b* \x1b[2J\x07 www.evil.example"


def finding(kind: str = "group", system: str = "profile", who: str = "users at risk") -> Finding:
    return Finding.model_validate({
        "kind": kind, "risk": "sycophancy", "probe": "sycophancy", "system": system,
        "claim": f"It errs. {who}",
        "estimate": 0.5, "low": 0.4, "high": 0.6, "who": who,
    })  # fmt: skip


MEASURED = {"counts": {"at_risk": 12}}
FOUND = [finding("unsafe"), finding("group", who=HOSTILE), finding("worse", "retrieval")]


def test_the_gate_closes_for_the_kind_that_is_there_and_no_other() -> None:
    assert stopping(FOUND, "any", MEASURED) == FOUND
    assert [kind for kind in KINDS if stopping(FOUND, kind, MEASURED)] == ["unsafe", "worse", "group"]
    assert stopping([], "any", MEASURED) == []
    with pytest.raises(InputError, match="Did you mean 'unsafe'"):
        stopping(FOUND, "unsave", MEASURED)


def test_a_gate_that_saw_nothing_does_not_open() -> None:
    with pytest.raises(InputError, match="nothing was tested"):
        stopping([], "any", {"counts": {"at_risk": 0}})


def test_junit_holds_a_failure_for_every_finding() -> None:
    suite = ElementTree.fromstring(write_findings(FOUND, "junit"))
    cases = suite.findall("testcase")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "3")
    assert [case.find("failure") is not None for case in cases] == [True] * 3
    assert [case.get("classname") for case in cases] == ["profile", "profile", "retrieval"]
    run = Run(measured=(("profile", "sycophancy"), ("profile", "over_exposure")))
    clean = ElementTree.fromstring(write_findings([], "junit", run))
    assert (clean.get("tests"), clean.get("failures")) == ("2", "0")
    mixed = ElementTree.fromstring(write_findings(FOUND[:1], "junit", run))
    assert [case.get("name") for case in mixed if case.find("failure") is None] == ["over_exposure"]


def test_sarif_points_into_a_file_and_knows_a_claim_again() -> None:
    (run,) = json.loads(write_findings(FOUND, "sarif", Run("runs/a/findings.json")))["runs"]
    results = run["results"]
    assert [one["level"] for one in results] == ["error", "warning", "error"]
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert places == {"runs/a/findings.json"}
    prints = [one["partialFingerprints"]["claim/v1"] for one in results]
    assert len(set(prints)) == 3
    moved = FOUND[0].model_copy(update={"estimate": 0.9, "claim": "It errs more."})
    (again,) = json.loads(write_findings([moved], "sarif"))["runs"][0]["results"]
    assert again["partialFingerprints"]["claim/v1"] == prints[0]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {one["ruleId"] for one in results}


def test_markdown_is_one_row_a_finding_and_shows_hostile_text_as_text() -> None:
    lines = write_findings(FOUND, "markdown").split("\n")
    assert len(lines) == 2 + len(FOUND)
    hostile = lines[3]
    assert hostile.count("|") == 5
    for markup in ("[x]", "<img", "@everyone", " #12", "`rm`", "*b*", "://", "www.evil", "\x1b", "\x07"):
        assert markup not in hostile


@pytest.mark.parametrize("output_format", ["markdown", "junit"])
def test_nothing_that_a_terminal_obeys_is_printed(output_format: str) -> None:
    shown = write_findings(FOUND, output_format)
    assert not any(ord(character) < 32 and character != "\n" for character in shown)


def test_json_holds_what_the_design_promises() -> None:
    listed = json.loads(write_findings(FOUND, "json"))
    promised = {"axis", "risk", "claim", "estimate", "low", "high", "adjusted_p", "who", "layers", "sessions",
                "evidence", "mitigations"}  # fmt: skip
    assert all(promised <= set(one) for one in listed)
    assert [one["who"] for one in listed] == [f.who for f in FOUND]


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(InputError, match="Did you mean 'sarif'"):
        write_findings(FOUND, "sarf")
