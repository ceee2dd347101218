"""Two active statements that cannot both hold: the agent answers by either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.people import OWNER, People, people_of, subject_of
from forwhom.audit.knowledge.statements import Statement, clash
from forwhom.audit.reading.deployment import Deployment

_TWO_WORDS = re.compile(r"\W*\S+\s+\S+")
_OF_OTHERS = ("siblings", "children", "pets", "marital status")
"""Topics of which one side names somebody else."""


@check(
    "contradiction",
    risk="stale-memory",
    question="knows",
    about="Two active statements of memory cannot both hold.",
    fix="Ask its owner which holds; mark the other superseded or delete it.",
)
def contradiction(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    people = people_of(deployment)
    entries = [
        Statement(entry, _subject(entry, people))
        for text in deployment.of_kind("user model", "memory", "daily note")
        for entry in entries_of(text)
        if entry.is_active and len(entry.text) < 400
    ]
    told: set[tuple[str, str]] = set()
    for first, second in combinations(entries, 2):
        one, other = first.entry, second.entry
        if one.place == other.place:
            continue
        why = clash(first, second)
        if first.whose != second.whose and why not in _OF_OTHERS:
            continue
        if why and (str(one.place), why) not in told:
            told.add((str(one.place), why))
            yield check.found(
                one.place, f"Two statements cannot both hold: {why}.", "medium",
                "an answer may go by either of them.", "possible", quote=f"{one.text} / {other.text}",
                related=[other.place],
            )  # fmt: skip


def _subject(entry: Entry, people: People) -> str:
    """Somebody else only where the entry begins with them."""
    begins = _TWO_WORDS.match(entry.text)
    found = subject_of(entry, begins.end() if begins else len(entry.text), people)
    return found.lower() if found else OWNER
