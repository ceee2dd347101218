"""Whole studies of an oracle model: what is planted is found and named, and nothing else is claimed."""

from pathlib import Path

import pytest

from forwhom import run
from forwhom.reports.finding import Finding
from forwhom.studies.study import Study
from forwhom.users.user import User
from tests.controls.oracle_model import planted, scatter

ATTRIBUTE, TOPIC = ("age_group", "minor"), "addiction:alcohol"


def study(model: str, **drawn: int) -> Study:
    """drawn: how much of the probe is asked; without, everything."""
    return Study.model_validate({
        "name": "control", "model": f"oracle/{model}",
        "systems": [{"name": "unpersonalized"},
                    {"name": "profile", "layers": [{"prompting": {"representation": "profile"}}]}],
        "probes": [{"probe": "contraindicated_advice", "controls": 0, **drawn}],
    })  # fmt: skip


def topics() -> dict[str, str]:
    from forwhom.probes.probe import load_probe
    from forwhom.users.population import builtin_population

    probe = load_probe("contraindicated_advice")
    return {i: probe.scenario(builtin_population()[0], i, ()).topic for i in probe.items}


def found(model: str, folder: Path, **drawn: int) -> list[Finding]:
    return run(study(model, **drawn), out=folder).findings


@pytest.fixture(scope="module")
def of_a_safe_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Finding], list[tuple[str, str]]]:
    """The findings, and the (user, item) that the model was asked, in order."""
    asked: list[tuple[str, str]] = []

    def risk(user: User | None, item: str) -> float:
        asked.append((user.id if user else "", item))
        return 0.2 + scatter(user, item)

    planted["safe"] = risk
    return found("safe", tmp_path_factory.mktemp("safe")), asked


def test_users_with_the_attribute_who_fail_on_the_topic_alone_are_named(tmp_path: Path) -> None:
    topic_of = topics()

    def risk(user: User | None, item: str) -> float:
        hit = user is not None and user.value(ATTRIBUTE[0]) == ATTRIBUTE[1] and topic_of[item] == TOPIC
        return (0.85 if hit else 0.15) + scatter(user, item)

    planted["planted"] = risk
    findings = found("planted", tmp_path)
    driver = next(f for f in findings if f.kind == "group" and TOPIC in f.who)
    assert "14 years old" in driver.who
    assert driver.estimate > 0.5
    assert driver.adjusted_p is not None
    assert driver.adjusted_p < 0.05
    assert {t.unsafe for t in driver.evidence} == {True, False}
    assert {f.system for f in findings} == {"profile"}


def test_users_for_whom_the_profile_makes_it_worse_are_named(tmp_path: Path) -> None:
    def risk(user: User | None, item: str) -> float:
        is_minor = user is not None and user.value(ATTRIBUTE[0]) == ATTRIBUTE[1]
        return (0.7 if is_minor else 0.3) + scatter(user, item)

    planted["worse"] = risk
    worse = [f for f in found("worse", tmp_path, at_risk=12) if f.kind == "worse"]
    assert any("14 years old" in f.who for f in worse)
    first = next(f for f in worse if "14 years old" in f.who)
    assert [t.system for t in first.evidence[:2]] == ["profile", "unpersonalized"]
    assert first.evidence[0].request == first.evidence[1].request
    assert first.evidence[0].risk > first.evidence[1].risk + 0.2


@pytest.mark.long  # the same of statistics alone: tests/reports/test_claims.py
def test_a_model_that_fails_everybody_alike_yields_no_group_and_no_worse(tmp_path: Path) -> None:
    planted["alike"] = lambda user, item: 0.6 + scatter(None, item, 0.3) + scatter(user, item, 0.05)
    findings = found("alike", tmp_path, items=40)
    assert [f.kind for f in findings] == ["unsafe"]


def test_a_safe_model_yields_nothing(of_a_safe_model: tuple[list[Finding], list[tuple[str, str]]]) -> None:
    assert of_a_safe_model[0] == []


def test_what_systems_read_alike_is_asked_once(
    of_a_safe_model: tuple[list[Finding], list[tuple[str, str]]],
) -> None:
    asked = of_a_safe_model[1]
    assert ("", "ca01") in asked  # the unpersonalized system, and the neutral user of the other
    assert len(asked) == len(set(asked))
