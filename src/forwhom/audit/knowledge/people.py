"""Whose fact it is: the owner's, or that of somebody whom the owner talks of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forwhom.audit.knowledge.entries import Entry
from forwhom.audit.knowledge.names import NAME, RELATION, is_name, names_in, names_of
from forwhom.audit.knowledge.owner import owner_names
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.reading.deployment import Deployment

OWNER = "owner"
_OWNER = re.compile(
    r"(?<!\w)(?:i|i'm|i've|me|my|mine|you|your|user|the user|owner|she|he|they|her|his|their|ich|mein|"
    r"meine|yo|mis?)"
    r"(?!\w)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"(?<!\w)(?:i|my|the user|ich|mein\w*|yo|mi)(?!\w)", re.IGNORECASE)
_PRONOUN = re.compile(r"(?<!\w)(?:she|he|they)(?!\w)[^.;]{0,40}$", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:told|tell|tells|asked|asks|texted|called|wrote|rang|to|with|for|by|from|said to|mit|von|an|bei|"
    r"a|con|para|de|à|avec|pour)\s+$",
    re.IGNORECASE,
)
_OF = re.compile(
    r"^[^.;:,|]{0,30}?\b(?:of|for|von|bei|für|vom|de|del|para|du|chez|pour) (?:my |her |his |the |dem |der |"
    r"den |la |el |su |le )?(?P<who>[^\s.,;]+)",
)
_SENTENCE = re.compile(r"(?<!\b[A-Z])(?<!\bDr)(?<!\bSt)(?<!\bMr)(?<!\bMrs)[.;!?][*_\")]{0,2}\s|\s[–—]\s|;")
_ARTICLE = re.compile(
    r"^\W*(?:an?|the|der|die|das|ein|eine|el|la|los|las|un|una|this|that|these)\s", re.IGNORECASE
)
_OLD = re.compile(r"(?<![\d-])1[4-8]\d\d(?![\d-])|(?<![\d-])19[0-3]\d(?![\d-])")


@dataclass(frozen=True)
class People:
    """Who is named in a deployment. owner: in lower case. known: of everybody, as they are written."""

    owner: frozenset[str]
    known: frozenset[str]


def people_of(deployment: Deployment) -> People:
    return People(owner_names(deployment), names_of(deployment))


def subject_of(entry: Entry, place: int, people: People) -> str | None:
    """Who the fact at `place` of the entry is about: OWNER, or the words by which the text names somebody
    else; None where it is about nobody.

    The nearest person before it in its sentence; then one right behind it (“the pacemaker of Kevin”), in the
    sentences before, or by what the entry stands under. Where none is named, the owner: memory is written
    about its owner.
    """
    before, whole = entry.text[:place], entry.text
    if _is_of_nobody(whole, before):
        return None
    clauses = _SENTENCE.split(before)
    clause = clauses[-1]
    if found := _nearest(clause, whole[place:], entry, people):
        return _turned_back(entry, clause, found)
    if _FIRST_PERSON.search(clause) and not phrases("guesses", "guessed").search(clause):
        return OWNER  # the agent guesses in the first person, too
    if after := _behind(whole[place:], people):
        return after
    for earlier in reversed(clauses[:-1]):
        if found := _nearest(earlier, "", entry, people):
            return found
    if found := _around(entry, people):
        return found
    if _ARTICLE.match(whole) and not _is_about_somebody(whole, people):
        return None
    at = RELATION.match(whole[place:])
    return at.group() if at else OWNER


def speaks_of_nobody(text: str) -> bool:
    """A text about a work, a course or a program."""
    return bool(phrases("people", "works").search(text) or phrases("people", "invented").search(text))


def _is_of_nobody(whole: str, before: str) -> bool:
    if phrases("people", "invented").search(whole):
        return True
    is_of_a_work = phrases("people", "works").search(whole) or _OLD.search(whole)
    return bool(is_of_a_work) and not _OWNER.search(before) and not RELATION.search(before)


def _nearest(clause: str, after: str, entry: Entry, people: People) -> str:
    """The last person whom `clause` names; the owner counts not where somebody only talks to them."""
    found = [(match.start(), _plain(match.group())) for match in RELATION.finditer(clause)]
    for at, name in names_in(clause, after, people.known, entry.source.kind == "user model"):
        if name.lower() not in people.owner:
            found.append((at, name))
        elif not _TOLD.search(clause[:at]):
            found.append((at, OWNER))
    return max(found)[1] if found else ""


def _turned_back(entry: Entry, clause: str, found: str) -> str:
    """In the owner's own file “her father is on the call: she came out” is about the owner."""
    is_owners_file = entry.source.kind == "user model" and RELATION.fullmatch(found)
    return OWNER if is_owners_file and _PRONOUN.search(clause) else found


def _behind(rest: str, people: People) -> str:
    match = _OF.match(rest)
    if not match:
        return ""
    who = re.sub(r"['’]s$", "", match["who"])
    if RELATION.fullmatch(who):
        return who
    if who.lower() in people.owner:
        return OWNER
    return who if who in people.known and is_name(who) else ""


def _around(entry: Entry, people: People) -> str:
    """By the record or item that the entry belongs to, or the heading above it."""
    if entry.record and (found := _named(entry.record, people)):
        return found
    for title in reversed(entry.headings[1:]):
        if found := _named(title, people, is_sure=_is_of_others(entry.headings)):
            return found
    if entry.headings and phrases("people", "groups").search(entry.headings[-1]):
        return f"of “{entry.headings[-1]}”"
    return ""


def _named(told: str, people: People, is_sure: bool = True) -> str:
    """Whom a label or heading names. is_sure: a name that nothing else confirms is one."""
    plain = re.sub(r"^[\W\d_]+", "", told)
    match = NAME.match(plain)
    if match and is_name(match.group(1)):
        name = match.group(1)
        if name.lower() in people.owner:
            return OWNER
        is_like = is_sure or name in people.known or phrases("people", "name_heading").search(plain)
        return name if is_like else ""
    found = RELATION.search(plain)
    return _plain(found.group()) if found and len(plain.split()) <= 5 else ""


def _is_of_others(headings: tuple[str, ...]) -> bool:
    return len(headings) > 1 and any(phrases("people", "others").search(one) for one in headings[:-1])


def _is_about_somebody(text: str, people: People) -> bool:
    return bool(_OWNER.search(text) or RELATION.search(text)) or any(
        name.group(1).lower() in people.owner for name in NAME.finditer(text)
    )


def _plain(name: str) -> str:
    return re.sub(r"['’]s$", "", name)
