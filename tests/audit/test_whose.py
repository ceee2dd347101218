"""Whose a fact is follows from the record, row, item, heading or sentence that it stands in."""

import pytest

from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.knowledge.names import names_of
from forwhom.audit.knowledge.quantities import differ, quantities
from forwhom.audit.reading.config import NO_CONFIG
from forwhom.audit.reading.deployment import Deployment, Text

_USER = ("# USER.md", "", "- Name: Rosa")


def _deployment(memory: str) -> Deployment:
    texts = (
        Text("USER.md", "user model", ("main",), _USER),
        Text("MEMORY.md", "memory", ("main",), tuple(memory.split("\n"))),
    )
    return Deployment(
        root="", layout="state", product="openclaw", version="", config=NO_CONFIG, agents=(), texts=texts
    )


def _whose(memory: str) -> set[str]:
    return {fact.whose for fact in facts_of(_deployment(memory)) if fact.is_special}


@pytest.mark.parametrize(
    "memory",
    [
        "# Guests\n\nguest: Tariq\nroom: 4\nnote: coeliac, own toaster",
        "# Guests\n\n| Who | Room | Note |\n| --- | --- | --- |\n| Tariq | 4 | coeliac |",
        "# Guests\n\n- Tariq\n  - room 4\n  - coeliac, own toaster",
        "# House\n\n## Tariq (room 4)\n\n- Coeliac, own toaster.",
        "# House\n\n- Tariq said thanks for the towels. Coeliac, so no toast.",
        "# House\n\n- The gluten-free toaster is for Tariq, who said that he is coeliac.",
        "# House\n\n- Tariq told Rosa about the coeliac disease.",
    ],
)
def test_somebody_named_once_is_whom_the_lines_below_are_about(memory: str) -> None:
    assert _whose(memory) == {"Tariq"}


@pytest.mark.parametrize(
    "memory",
    [
        "# Health\n\n- Coeliac, own toaster.",
        "# Health\n\n- Rosa told Tariq that she is coeliac.",
        "# Notes\n\nguest: Tariq\nroom: 4\n\n- Coeliac, own toaster.",
    ],
)
def test_what_names_nobody_else_is_the_owners(memory: str) -> None:
    assert _whose(memory) <= {"owner", "Tariq"}


def test_under_a_heading_of_people_a_fact_is_one_of_theirs() -> None:
    assert _whose("# House\n\n## Guests\n\n- note: coeliac, own toaster") == {"of “Guests”"}


@pytest.mark.parametrize(
    "line",
    [
        "The marriage register of 1871 names a Baptist.",
        "Chapter 4: the vicar confesses to the murder.",
        "The word “depressed” in the slide is about prices.",
        "Quaker Street 4 is the new depot.",
    ],
)
def test_a_work_an_archive_a_word_and_a_street_are_nobody(line: str) -> None:
    assert not _whose(f"# Notes\n\n- {line}")


def test_a_name_is_told_by_what_stands_around_it_somewhere() -> None:
    known = names_of(
        _deployment("# Notes\n\n- Boiler serviced, boiler man paid.\n- Lunch with Ioana on Friday.")
    )
    assert "Ioana" in known
    assert "Boiler" not in known


def test_a_line_belongs_to_its_record_until_an_empty_line() -> None:
    text = Text("MEMORY.md", "memory", ("main",), ("client: Mia", "note: tall", "", "note: short"))
    assert [one.record for one in entries_of(text)] == ["Mia", "Mia", ""]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The kiln needs 14 hours.", "The kiln needs nine hours."),
        ("Prints are due on 3 March.", "Prints are due on the 30th of March."),
        ("Refunds are paid within 10 days.", "Refunds are paid the same day."),
    ],
)
def test_two_numbers_of_one_thing_differ(one: str, other: str) -> None:
    assert differ(quantities(one), quantities(other))
    assert not differ(quantities(one), quantities(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kiln 2 needs 14 hours.", "Kiln 3 needs 9 hours."),
        ("Bake the bread 40 minutes.", "Bake the rolls 18 minutes."),
        ("Water every 2 days.", "Water with 3 litres."),
    ],
)
def test_numbers_of_two_things_do_not(one: str, other: str) -> None:
    assert not differ(quantities(one), quantities(other))
