"""What the report says of a study of factors: whose rates these are, and against what they are held."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from math import inf, nan
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from jinja2 import Environment, PackageLoader

from forwhom.cli import main
from forwhom.errors import InputError
from forwhom.reports.composition import compositional_findings
from forwhom.reports.composition_headline import composition_headline
from forwhom.reports.composition_view import composition_view
from forwhom.reports.finding import Finding
from forwhom.reports.finished import read_run
from forwhom.reports.headline import Headline
from forwhom.reports.summaries import summarize
from forwhom.reports.wording import ProbeWords, named, p_value, rate
from forwhom.results.journal import results_table
from forwhom.statistics.compositional import CompositionalSummary, compositional_summary
from forwhom.statistics.decidable import Settings
from forwhom.statistics.factorial import OFF
from forwhom.statistics.interactions import Scale
from forwhom.statistics.layout import BASE, Layout
from forwhom.statistics.relational import relational_summary
from forwhom.studies.expansion import layout_of
from forwhom.studies.prepared import prepare
from forwhom.studies.study import Study
from tests.controls import stack_model  # noqa: F401 - for its layer, `mark`

Fails = Callable[[str, str, int, int], bool]
"""(the factors that are there, the user's level of the trait, user, item) -> whether the answer is unsafe."""
WORDS = {"p": ProbeWords("errs")}


def full(factors: str, protective: str = "") -> Layout:
    runs = {}
    for size in range(len(factors) + 1):
        for there in combinations(factors, size):
            runs["+".join(there) or BASE] = {one: "on" if one in there else OFF for one in factors}
    return Layout(dict.fromkeys(factors, ("on",)), runs, {}, {}, frozenset(protective))


def answers(layout: Layout, fails: Fails, users: int = 20, items: int = 8, probe: str = "p") -> pl.DataFrame:
    """Every user asked every item under every system; users have the levels x and y of a trait in turn."""
    rows = []
    for system, run in layout.design.items():
        there = "".join(one for one, level in run.items() if level != OFF)
        for user in range(users):
            trait = "xy"[user % 2]
            rows += [
                {
                    "system": system, "personalized": system != BASE,
                    "control": "" if system == BASE else BASE, "probe": probe, "risk_id": "r",
                    "cell": f"{probe}-{system}-{user}-{item}",
                    "user": f"u{user:02}", "item": f"i{item:02}", "topic": "t", "at_risk": True,
                    "because": f"trait:{trait}", "user:trait": trait, "session": 1, "replicate": 1,
                    "unsafe": fails(there, trait, user, item),
                    "risk": float(fails(there, trait, user, item)), "utility": 1.0, "request": "?",
                    "answer": "!", "evidence": "{}", "log": "", "sample": "",
                }
                for item in range(items)
            ]  # fmt: skip
    return results_table(rows)


def summed(
    table: pl.DataFrame, layout: Layout, order: int = 2, tolerance: float = 0.5
) -> CompositionalSummary:
    return compositional_summary(table, layout, order, Settings(tolerance, largest=2, early=False))


def only_x(there: str, trait: str, user: int, item: int) -> bool:
    """x fails with a and b unless guarded, y with a where x does not: over all, half of the answers fail."""
    if trait == "x":
        return "a" in there and "b" in there and "g" not in there
    return "a" in there and ("b" not in there or "g" in there)


@cache
def of_a_group() -> tuple[pl.DataFrame, CompositionalSummary]:
    layout = full("abg", protective="g")
    table = answers(layout, only_x, users=24, items=12)
    return table, summed(table, layout)


def emergent(table: pl.DataFrame, summary: CompositionalSummary) -> list[Finding]:
    return [one for one in compositional_findings(table, summary, WORDS) if one.kind == "emergent"]


def headline(table: pl.DataFrame, summary: CompositionalSummary) -> Headline:
    found = compositional_findings(table, summary, WORDS)
    return composition_headline(found, relational_summary(table), summary)


def shown(summary: CompositionalSummary) -> str:
    """The report's chapter as text."""
    environment = Environment(loader=PackageLoader("forwhom.reports"), autoescape=True, trim_blocks=True)
    environment.filters |= {"rate": rate, "p_value": p_value, "named": named}
    template = environment.get_template("composition.html.j2")
    return template.render(composition=composition_view(summary, {"p": "r"}))


def test_what_is_emergent_for_a_group_is_told_with_the_rates_of_that_group() -> None:
    (found,) = (one for one in emergent(*of_a_group()) if one.who == "a user whose trait is x")
    assert found.layers == ["a", "b"]
    assert found.estimate == 1
    assert found.low > 0.5
    assert "in 100%" in found.claim
    assert "the worst of their parts" in found.claim
    assert "in 0%" in found.claim
    assert "without 'a' 0%, without 'b' 0%, with 'g' added 0%" in found.claim
    assert "50% [" not in found.claim  # what everybody's rates are
    assert {one.user[-1] for one in found.evidence} <= set("02468")


def test_the_title_does_not_say_of_everybody_what_holds_for_a_group() -> None:
    assert headline(*of_a_group()).title == "Safe apart, unsafe together for some users: 'a' and 'b'."


@cache
def of_three() -> tuple[pl.DataFrame, CompositionalSummary]:
    """The answers fail with all of a, b and c, and seldom otherwise."""
    layout = full("abc")
    table = answers(layout, lambda there, trait, user, item: there == "abc" or (user + item) % 19 == 0)
    return table, summed(table, layout, order=3)


def test_three_layers_are_worse_than_fewer_of_them_and_not_than_their_sum_alone() -> None:
    table, summary = of_three()
    found = [one for one in compositional_findings(table, summary, WORDS) if one.kind == "interaction"]
    said = {len(one.layers): one.claim for one in found if one.who == "users at risk"}
    assert "'a', 'b' and 'c' together are worse than what fewer of them together add up to" in said[3]
    assert "'a' and 'b' together are worse than the sum of what each adds" in said[2]
    alone = replace(summary, effects=[one for one in summary.effects if one.order == 3])
    title = headline(table, alone).title
    assert title == "Worse together than what fewer of them together add up to: 'a', 'b' and 'c'."


FEW = "On q fewer than 3 users or 3 items have an answer of every system of the design: no effects there."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (pl.col("user").is_in(["u00", "u01"]), FEW),
        (pl.col("item").is_in(["i00", "i01"]), FEW),
        (pl.col("system") != "a+b", "1 of the design's systems were not asked q: no effects there."),
        (pl.lit(False), "On q no request can harm the users who were asked: no effects there."),
    ],
)
def test_why_a_probe_has_no_effects_is_told(change: pl.Expr, said: str) -> None:
    layout = full("ab")
    p, q = (
        answers(layout, lambda there, trait, user, item: item == 0, users=8, probe=probe) for probe in "pq"
    )
    summary = summed(pl.concat([p, q.with_columns(at_risk=change)]), layout)
    assert summary.unsettled == ["q"]
    assert composition_view(summary, {}).design.endswith(said)


def test_stacks_that_cannot_be_are_not_counted_as_possible() -> None:
    store = {"a": ("on",), "store": ("own", "shared"), "b": ("on",)}
    assert Layout(store, {}, {}, {}).possible == 12
    assert Layout(store, {}, {}, {}, exclude=(("store=shared", "a"),)).possible == 10
    assert Layout(store, {}, {}, {}, exclude=(("store", "a"), ("a", "b"))).possible == 7
    table, summary = of_a_group()
    kept = {name: run for name, run in summary.layout.design.items() if not {"a", "g"} <= set(name)}
    layout = replace(summary.layout, design=kept, exclude=(("a", "g"),))
    table = table.filter(pl.col("system").is_in(list(kept)))
    less = summed(table, layout)
    assert "6 of the 6 possible stacks were asked" in headline(table, less).detail
    assert "6 of their 6 possible combinations" in composition_view(less, {}).design


def test_the_tolerance_of_the_search_is_not_called_what_is_accepted() -> None:
    table, summary = of_a_group()
    claims = [one.claim for one in emergent(table, summary)]
    assert all("The tolerance of the search is 50%." in claim for claim in claims)
    assert "accepted" not in " ".join(claims)
    assert "above the tolerance of the search, 50 %" in shown(summary)


def test_what_is_not_corrected_is_said_not_to_be() -> None:
    _, summary = of_a_group()
    told = "each for itself, not corrected for their number"
    whole = summary.emergence[0]
    candidate = next(claim for one in summary.emergence for claim in one.claims)
    unsure = replace(whole, open=[candidate.layers], contradictions=[(frozenset("a"), frozenset("ab"))])
    assert shown(replace(summary, emergence=[whole])).count(told) == 1
    assert shown(replace(summary, emergence=[unsure])).count(told) == 3


@pytest.mark.parametrize("bounds", [(nan, nan), (-inf, inf)])
def test_log_odds_that_nothing_is_known_of_are_a_dash(bounds: tuple[float, float]) -> None:
    table, summary = of_three()
    effects = [replace(one, odds=Scale(one.odds.estimate, *bounds)) for one in summary.effects]
    unknown = replace(summary, effects=effects)
    assert {row.odds for row in composition_view(unknown, {}).blocks[0].rows} == {"–"}
    html = shown(unknown)
    assert "+nan" not in html
    assert "-inf" not in html
    found = compositional_findings(table, unknown, WORDS)
    assert found
    json.dumps([one.model_dump(mode="json") for one in found], allow_nan=False)


def changed(run: dict[str, Any], what: str) -> dict[str, Any]:
    """run.json as another version could have written it."""
    study, system = run["study"], run["study"]["systems"][-1]
    if what == "a setting":
        study["composition"]["depth"] = 3
    elif what == "a factor of other fields":
        study["factors"][0] = {"name": "a", "layer": "mark"}
    elif what == "a factor less":
        del system["composed"]["levels"]["a"]
    elif what == "a level that is none":
        system["composed"]["levels"]["a"] = "high"
    else:
        study["systems"] = study["systems"][1:]
    return run


def test_a_run_of_another_version_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    factors = [{"name": mark, "layers": [{"mark": {"mark": mark}}]} for mark in "ab"]
    probes = [{"probe": "contraindicated_advice", "users": 3, "at_risk": 1, "controls": 0}]
    study = prepare(
        Study.model_validate(
            {"name": "old", "model": "stack/old", "users": {"generate": 3}, "probes": probes,
             "factors": factors, "composition": {"design": "full"}}
        )
    ).study  # fmt: skip
    answers(layout_of(study), only_x, users=4, items=3).write_parquet(tmp_path / "results.parquet")
    told = {"study": study.model_dump(mode="json"), "probes": {}, "counts": {"skipped": 0}}
    (tmp_path / "run.json").write_text(json.dumps(told))
    (tmp_path / "findings.json").write_text("[]")
    again = read_run(tmp_path)
    assert summarize(again.results, again.provenance).compositional is not None
    kinds = ["a setting", "a factor of other fields", "a factor less", "a level that is none", "no base"]
    for what in kinds:
        (tmp_path / "run.json").write_text(json.dumps(changed(json.loads(json.dumps(told)), what)))
        with pytest.raises(
            InputError, match=r"run\.json: of another version of forwhom; run the study again"
        ):
            read_run(tmp_path)
    monkeypatch.setattr(sys, "argv", ["forwhom", "report", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "of another version of forwhom" in " ".join(capsys.readouterr().err.split())
