"""Facts about people in the entries of a memory: what kind, whose, and how the agent came to know it.

By words alone, so that the same text always gives the same facts; how often that is right is measured on
deployments with planted facts (docs/audit.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from forwhom.audit.knowledge.categories import Category, categories
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.names import THING
from forwhom.audit.knowledge.people import OWNER, people_of, speaks_of_nobody, subject_of
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.knowledge.secrets import secrets_in
from forwhom.audit.knowledge.words import share, words
from forwhom.audit.reading.deployment import REMEMBERED, Deployment, Message

Provenance = Literal["told", "inferred", "third_party", "unknown"]
_ABOUT_FILES = re.compile(
    r"\b(?:directives?|this file|placeholders?|(?:this|the|a) template|(?:USER|MEMORY|SOUL|AGENTS|"
    r"IDENTITY|TOOLS)\.md)\b"
)
"""What follows in an entry that speaks of the memory's files speaks of nobody."""
_DISTANT = 0.5
"""The share of an entry's words that a message must hold to count as where it was told."""


@dataclass(frozen=True)
class Fact:
    """One entry tells one kind of fact of one person. term: the word that says so. whose: "owner", or who
    else as the text names them."""

    entry: Entry
    category: Category
    term: str
    whose: str
    provenance: Provenance

    @property
    def is_owners(self) -> bool:
        return self.whose == OWNER

    @property
    def is_special(self) -> bool:
        return self.category.sensitivity == "special"


@lru_cache(maxsize=4)
def facts_of(deployment: Deployment) -> tuple[Fact, ...]:
    """Of all that is remembered: USER.md, MEMORY.md, daily notes and the dream diary."""
    known = _Known(deployment)
    return tuple(
        fact
        for text in deployment.of_kind(*REMEMBERED)
        for entry in entries_of(text)
        for fact in known.of(entry)
    )


class _Known:
    def __init__(self, deployment: Deployment) -> None:
        self._people = people_of(deployment)
        self._told = _as_words(deployment.said_by_owner)
        self._others = _as_words(deployment.said_by_others)

    def of(self, entry: Entry) -> Iterator[Fact]:
        found: list[Fact] = []
        of_files = _ABOUT_FILES.search(entry.text)
        for category in categories().values():
            match = next((one for one in category.find_all(entry.text) if _is_said(one, entry)), None)
            if match is None or (of_files and of_files.start() < match.start()):
                continue
            subject = subject_of(entry, match.start(), self._people) or _patient(entry, category)
            if subject is not None and not _is_said_already(category, found):
                found.append(self._fact(entry, category, match.group(), subject))
        for secret in () if of_files else secrets_in(entry.text)[:1]:
            at = entry.text.find(secret.text)
            whose = subject_of(entry, max(at, 0), self._people) if secret.is_number else OWNER
            category = categories()["identity-number"] if secret.is_number else _CREDENTIAL
            if not any(one.category == category for one in found):
                found.append(self._fact(entry, category, secret.kind, whose or OWNER))
        yield from found

    def _fact(self, entry: Entry, category: Category, term: str, subject: str) -> Fact:
        return Fact(entry, category, term, subject, self._provenance(entry))

    def _provenance(self, entry: Entry) -> Provenance:
        if phrases("guesses", "guessed").search(entry.text):
            return "inferred"
        if any(share(entry.words, said) >= _DISTANT for said in self._told):
            return "told"
        if phrases("guesses", "from_others").search(entry.text) or any(
            share(entry.words, said) >= _DISTANT for said in self._others
        ):
            return "third_party"
        return "told" if entry.source.kind == "user model" else "unknown"


def _patient(entry: Entry, category: Category) -> str | None:
    """“The chemo starts on Monday” names nobody: whose memory it is has it, where it is no title or place."""
    is_bodily = category.category in ("health", "mental-health", "genetic-or-biometric")
    return OWNER if is_bodily and _OF_A_BODY.match(entry.text) and not speaks_of_nobody(entry.text) else None


_OF_A_BODY = re.compile(r"^\W*(?:the|der|die|das|el|la|los|las|le|les)\s", re.IGNORECASE)
_CREDENTIAL = Category(category="credential", label="a secret", sensitivity="personal", terms=("\0",))


def _is_said(match: re.Match[str], entry: Entry) -> bool:
    """Not where the word is only quoted as a word, or names a street or whom a record is about."""
    if match.group() == entry.record or (
        match.group()[:1].isupper() and THING.match(entry.text[match.end() :])
    ):
        return False
    return not any(
        one.start() < match.start() and match.end() < one.end()
        for one in _WORDS_AS_WORDS.finditer(entry.text)
    )


_WORDS_AS_WORDS = re.compile(r"[\"“„«](?!I\b)[^\"”“»\s]+(?:\s+[^\"”“»\s]+){0,3}[\"”“»]")
"""Up to four words in quotation marks, and not in the first person."""


def _is_said_already(category: Category, found: Sequence[Fact]) -> bool:
    """A habit, a relative or a job that is only the setting of a more sensitive fact is not told twice."""
    return category.category == "preference" and bool(found)


def _as_words(messages: Sequence[Message]) -> list[list[str]]:
    return [words(one.text) for one in messages if one.text]
