"""A persona that grows more flattering or obedient from version to version."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.reading.deployment import Deployment, Text

_FEWEST = 2
"""More such lines than at first; that candid lines are gone counts for one."""


@check(
    "persona-drift",
    risk="sycophancy",
    question="happened",
    about="The persona holds more lines that please and obey than in its earlier versions.",
    fix="Go back to the earlier version, and decide on changes of SOUL.md yourself.",
)
def persona_drift(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for text in deployment.of_kind("persona"):
        versions = [one for one in deployment.history if one.file == text.file]
        if not versions:
            continue
        course = [len(_pleasing(text.as_of(one))) for one in versions]
        now = _pleasing(text)
        first = min(course)
        start = versions[course.index(first)]
        lost = max(0, _candid(text.as_of(start)) - _candid(text))
        if len(now) == first or len(now) - first + min(lost, 1) < _FEWEST:
            continue
        old = {line for _, line in _pleasing(text.as_of(start))}
        added = [one for one in now if one[1] not in old]
        steps = " → ".join(map(str, [*_steps(course), *([len(now)] if len(now) != course[-1] else [])]))
        yield check.found(
            text.at(added[0][0] if added else 0),
            f"{text.file} grew more pleasing: lines that flatter or obey, version by version: {steps}.",
            "medium" if len(now) - first < 4 else "high",
            f"it is read into every prompt; in {start.commit} there were {first}.",
            "likely",
            quote=added[0][1] if added else "",
        )


def _pleasing(text: Text) -> list[tuple[int, str]]:
    return [
        (entry.number, entry.text) for entry in entries_of(text)
        if phrases("persona", "pleases").search(entry.text)
        and not phrases("persona", "not_pleasing").search(entry.text)
    ]  # fmt: skip


def _candid(text: Text) -> int:
    """Lines that ask for honesty or contradiction."""
    return sum(
        bool(phrases("persona", "candid").search(entry.text)) for entry in entries_of(text)
        if not phrases("persona", "pleases").search(entry.text)
    )  # fmt: skip


def _steps(course: list[int]) -> list[int]:
    """Without repetitions."""
    return [one for place, one in enumerate(course) if place == 0 or course[place - 1] != one]
