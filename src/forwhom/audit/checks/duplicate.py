"""One fact at several places: who deletes it at one of them has not deleted it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.facts import Fact, facts_of
from forwhom.audit.knowledge.words import alike, words
from forwhom.audit.reading.deployment import Deployment

_SENSITIVE = ("credential", "finances", "identity-number")
_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*")
_ALIKE = 0.6
_WITH_NUMBER = 0.35
_WITH_TERM = 0.1
"""Enough where both name the same sensitive thing of the same person."""


@check(
    "duplicate",
    risk="persistence-after-deletion",
    question="knows",
    about="The same fact is kept at several places in memory.",
    fix="Keep it at one place. Whoever asks for its deletion must have all of them deleted.",
)
def duplicate(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    facts = [one for one in facts_of(deployment) if one.entry.is_active]
    groups: list[list[Fact]] = []
    for fact in facts:
        home = next((one for one in groups if any(_is_same(fact, other) for other in one)), None)
        if home is None:
            groups.append([fact])
        elif all(other.entry.place != fact.entry.place for other in home):
            home.append(fact)
    told: set[frozenset[str]] = set()
    for group in groups:
        places = frozenset(str(one.entry.place) for one in group)
        if len(group) < 2 or places in told:
            continue
        told.add(places)
        first = group[0]
        is_sensitive = any(one.is_special or one.category.category in _SENSITIVE for one in group)
        yield check.found(
            first.entry.place,
            f"The same fact ({first.category.label}) is kept at {len(group)} places.",
            "medium" if is_sensitive else "low",
            "who deletes it at one place has not deleted it"
            + (", and it is of a kind that people ask to have deleted." if is_sensitive else "."),
            "likely",
            quote=first.entry.text,
            related=[one.entry.place for one in group[1:]],
        )


def _numbers(fact: Fact) -> set[str]:
    return {re.sub(r"\D", "", one) for one in _NUMBER.findall(fact.entry.text)}


def _long(numbers: set[str], near: float) -> bool:
    """A number that both name: one of four digits or more tells enough by itself."""
    return bool(numbers) and (
        near >= _WITH_NUMBER or any(len(one) >= 4 or int(one) >= 100 for one in numbers)
    )


def _telling(fact: Fact) -> set[str]:
    """Numbers of four digits or more that are no years."""
    return {one for one in _numbers(fact) if len(one) >= 4 and not 1900 <= int(one) <= 2100}


def _terms(fact: Fact) -> set[str]:
    return {word for match in fact.category.find_all(fact.entry.text) for word in words(match.group())}


def _is_same(one: Fact, other: Fact) -> bool:
    if one.category != other.category or one.entry.place == other.entry.place:
        return False
    if one.is_special and _telling(one) & _telling(other):
        return True
    near = alike(one.entry.words, other.entry.words)
    if one.whose != other.whose and not (one.is_special and near >= _WITH_NUMBER) and near < _ALIKE:
        return (
            _terms(one) == _terms(other)
            and one.is_special
            and one.is_owners == other.is_owners
            and near >= _WITH_TERM
        )
    if near >= _ALIKE:
        return True
    if one.is_special and one.whose == other.whose and not one.is_owners:
        return True  # of other people a memory rarely keeps two things of one such kind
    if (one.is_special or one.category.category in _SENSITIVE) and _long(
        _numbers(one) & _numbers(other), near
    ):
        return True
    shared = _terms(one) & _terms(other)
    return bool(shared) and one.is_special and one.is_owners == other.is_owners and near >= _WITH_TERM
