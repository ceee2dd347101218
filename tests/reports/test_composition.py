"""What the report says of a study of factors: whose rates these are, and against what they are held."""

from collections.abc import Callable
from functools import cache
from itertools import combinations

import polars as pl

from forwhom.reports.composition import compositional_findings
from forwhom.reports.finding import Finding
from forwhom.reports.wording import ProbeWords
from forwhom.results.journal import results_table
from forwhom.statistics.compositional import CompositionalSummary, compositional_summary
from forwhom.statistics.decidable import Settings
from forwhom.statistics.factorial import OFF
from forwhom.statistics.layout import BASE, Layout

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
                    "control": "" if system == BASE else BASE, "probe": probe, "risk_id": "r", "cell": f"{probe}-{system}-{user}-{item}",
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
    table = answers(layout, only_x)
    return table, summed(table, layout)


def emergent(table: pl.DataFrame, summary: CompositionalSummary) -> list[Finding]:
    return [one for one in compositional_findings(table, summary, WORDS) if one.kind == "emergent"]


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
