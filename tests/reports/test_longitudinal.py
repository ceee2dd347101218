"""What the report of lives shows, and that nothing untrusted in it is markup."""

import json

import polars as pl
import pytest

from forwhom.reports.forgetting import forgetting_findings
from forwhom.reports.longitudinal import longitudinal_findings
from forwhom.reports.longitudinal_figures import Attack, calendar_figure
from forwhom.reports.longitudinal_view import longitudinal_view
from forwhom.results.table import SCHEMA
from forwhom.statistics.longitudinal import LongitudinalSummary, longitudinal_summary

EVIL = "<script>alert(1)</script>"
RUN = {"probes": {"sycophancy": {}}, "study": {"longitudinal": {"sessions": 10}}}


def row(system: str, user: str, item: str, session: int, risk: float, **more: object) -> dict[str, object]:
    control = "" if system == "none" else "none"
    told = {
        "system": system, "control": control, "user": user, "item": item, "session": session, "risk": risk,
        "unsafe": risk > 0.5, "probe": "sycophancy", "risk_id": "sycophancy", "at_risk": True, "log": "",
        "temper": "agreement", "evidence": "{}", "request": EVIL, "answer": EVIL, "sample": "s",
        "because": "", "replicate": 1,
    }  # fmt: skip
    return {name: (told | more).get(name) for name in SCHEMA}


def table(slope: float) -> pl.DataFrame:
    rows = []
    for u in range(8):
        for i in range(4):
            for session in (1, 5, 10):
                noise = ((u * 7 + i * 3 + session) % 5) / 50
                rows.append(row("none", f"u{u}", f"i{i}", session, 0.3 + noise))
                own = ((u * 5 + i * 11 + session * 3) % 7) / 70
                rows.append(row("memory", f"u{u}", f"i{i}", session, 0.3 + own + slope * session))
    return pl.DataFrame(rows, schema=SCHEMA)


def summary(results: pl.DataFrame) -> LongitudinalSummary:
    return longitudinal_summary(results, {}, 10, 0.95)


def test_growth_is_told_with_its_beginning_and_end() -> None:
    results = table(0.04)
    found = longitudinal_findings(results, summary(results), {})
    drift = next(one for one in found if one.kind == "drift")
    assert drift.low < 0.4 < drift.high
    assert "grows by 40 points" in drift.claim
    assert "without personalization" in drift.claim
    assert drift.axis == "longitudinal"
    assert [one.session for one in drift.evidence[:2]] == [1, 10]


def test_what_falls_or_stays_is_no_finding() -> None:
    for slope in (0.0, -0.02):
        results = table(slope)
        assert longitudinal_findings(results, summary(results), {}) == []


def test_nothing_untrusted_is_markup() -> None:
    attacks = [Attack(EVIL, EVIL, (2,), ((5, True), (10, False)))]
    assert EVIL not in calendar_figure(attacks, 10)
    results = table(0.04).with_columns(system=pl.col("system").replace({"memory": EVIL}))
    view = longitudinal_view(results, summary(results), RUN)
    assert all(EVIL not in str(block.courses) + str(block.survival) for block in view.blocks)


def test_an_attack_is_drawn_where_it_fired_and_named_where_it_did_not() -> None:
    evidence = json.dumps({"planted": [2]})
    rows = [
        row(system, f"u{u}", "mp01", session, risk if session == 10 else 0.1, evidence=evidence)
        for u in range(4)
        for session in (5, 10)
        for system, risk in (("none", 0.1), ("memory", 0.9))
    ]
    results = pl.DataFrame(rows, schema=SCHEMA)
    (block,) = longitudinal_view(results, summary(results), RUN).blocks
    assert [system for system, _ in block.calendars] == ["memory"]
    assert block.quiet == ["none"]
    assert block.calendars[0][1].count("■") == 4


@pytest.mark.parametrize("users", [1, 2])
def test_of_too_few_users_courses_are_shown_and_nothing_is_claimed(users: int) -> None:
    results = table(0.04).filter(pl.col("user").is_in([f"u{u}" for u in range(users)]))
    told = summary(results)
    assert told.changes == []
    assert longitudinal_findings(results, told, {}) == []
    assert longitudinal_view(results, told, RUN).blocks[0].courses


def test_two_checkpoints_are_no_growth() -> None:
    results = table(0.04).filter(pl.col("session") != 5)
    assert [one for one in longitudinal_findings(results, summary(results), {}) if one.kind == "drift"] == []


def test_the_twin_that_starts_afresh_is_a_control_and_no_finding() -> None:
    results = table(0.04)
    twin = results.filter(pl.col("system") == "memory").with_columns(system=pl.lit("memory afresh"))
    told = longitudinal_summary(pl.concat([results, twin]), {"memory": "memory afresh"}, 10, 0.95)
    assert {one.system for one in told.changes} == {"memory"}
    assert {one.against for one in told.changes} == {"control", "afresh"}


def test_a_life_is_told_as_it_was() -> None:
    nothing = {"requests": 0, "ratings": 0, "offers": 0, "news": False}
    quiet = {"sessions": 10, "afresh": False, "life": nothing}
    results = table(0.0)
    told = longitudinal_view(results, summary(results), RUN | {"study": {"longitudinal": quiet}}).told
    assert "they tell of themselves. " in told
    assert "rate" not in told
    assert "Afresh" not in told


def deleted(rank: int, places: str, way: str = "store", users: int = 12) -> list[dict[str, object]]:
    """What is left of the secrets of some users: their rank of 16, and where their words are found."""
    told = {"rank": rank, "among": 16, "bits": 4.0 if rank == 1 else 0.0}
    item, is_deleted = f"safe-{way}", not way.endswith("control")
    rows = []
    for u in range(users):
        for probe, evidence, fails in (
            ("deletion_exposure", told, rank == 1), ("deletion_residue", {"places": places}, bool(places))
        ):  # fmt: skip
            known = {"probe": probe, "evidence": json.dumps(evidence), "at_risk": is_deleted}
            risk = float(fails and is_deleted)
            rows.append(row("memory", f"u{u}", item, 10, risk, **known))
    return rows


def test_a_deleted_secret_that_is_still_known_is_told_with_where_it_lies() -> None:
    results = pl.DataFrame(deleted(1, "mem0: the history table"), schema=SCHEMA)
    (found,) = forgetting_findings(results, summary(results))
    assert (found.kind, found.probe, found.estimate) == ("remains", "deletion_exposure", 1)
    assert found.adjusted_p is not None
    assert found.adjusted_p < 0.001
    assert "still likelier than those never told, by 2.8 bits" in found.claim
    assert "mem0: the history table (12 of 12)" in found.claim


def test_words_that_lie_somewhere_without_being_known_are_told_too() -> None:
    results = pl.DataFrame(deleted(16, "mem0: the history table"), schema=SCHEMA)
    (found,) = forgetting_findings(results, summary(results))
    assert found.probe == "deletion_residue"
    assert "nothing is left in the answers" in found.claim


def test_what_is_gone_and_what_was_never_deleted_are_no_finding() -> None:
    rows = [*deleted(16, ""), *deleted(1, "retrieval: notes", "kept-control")]
    results = pl.DataFrame(rows, schema=SCHEMA)
    assert forgetting_findings(results, summary(results)) == []
