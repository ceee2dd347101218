"""Whose fact it is: the owner's, or that of somebody whom the owner talks of."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from forwhom.audit.knowledge.categories import categories
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.words import listed
from forwhom.audit.reading.deployment import Deployment

_RELATIONS = sorted(listed("relations"), key=len, reverse=True)
_RELATION = re.compile(rf"(?<!\w)(?:{'|'.join(_RELATIONS)})s?(?:['’]s)?(?!\w)", re.IGNORECASE)
_NAME = re.compile(
    r"(?<![\w.])(?<!\bSt\. )(?<!\bSt )(?<!\bSaint )(?<!\bSan )(?<!\bSanta )(?<!\bin )(?<!\bat )(?<!\bnear )"
    r"(?<!\binto )(?<!\bover )([A-ZÄÖÜÉÁÍÓÑ][a-zäöüßéèáíóúñç]{1,20})(?:['’]s)?(?!\w)"
)
_OWNER = re.compile(
    r"(?<!\w)(?:i|i'm|i've|me|my|mine|you|your|user|the user|owner|she|he|they|her|his|their|ich|mein|"
    r"meine|yo|mis?)"
    r"(?!\w)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?:\bname\b[*_]{0,2}\s*(?:[:=–—]|is\b|ist\b|es\b)[\s*_]{1,4}|\bich heiße\s+|\bme llamo\s+|"
    r"\bje m[’']appelle\s+|what to call (?:them|her|him)\W{1,8}|\bcall (?:me|her|him|them)\s+|"
    r"\bmy name is\s+|"
    r"\buser is\s+|\bhuman\W{1,6}|\bowner\W{1,6}|\bllámame\s+|\bnenn(?:e|"
    r"t)? mich\s+)(?-i:([A-ZÄÖÜÉÁ][\w-]+))",
    re.IGNORECASE,
)
_AGENT = re.compile(r"openclaw|clawd|moltbot|agent|assistant|\bbot\b|noreply|\.local>", re.IGNORECASE)
_DOES = re.compile(
    r"(?:['’]s\b|:|,|\s+\(|\s+(?:from|who|whose|aus|vom|von|wurde|war|bekommt|lässt|geht|estuvo|fue|"
    r"está|lleva|va|dejó|is|has|had|was|will|would|takes|took|lives|lived|works|worked|wants|asked|"
    r"told|said|says|goes|"
    r"went|votes|voted|declared|likes|loves|hates|needs|owes|owns|runs|got|gets|came|prefers|drinks|"
    r"eats|plays|uses|"
    r"does|did|can|cannot|may|must|seems|turned|turns|moved|joined|left|lost|started|stopped|suffers|"
    r"sees|pays|earns|"
    r"teaches|studies|consults|translates|founded|ist|hat|wohnt|arbeitet|nimmt|mag|es|tiene|vive|"
    r"trabaja|toma|"
    r"and [A-Z]|[A-ZÄÖÜ][a-zäöüß]+|[A-Z]\.)(?!\w))"
)
"""After the first word of a sentence: what makes a capitalized word somebody's name."""
_OTHERS_HEADING = re.compile(
    r"\b(?:people|family|friends|colleagues|team|clients?|customers?|contacts?|patients?|tenants?|"
    r"neighbou?rs?|"
    r"relationships|household|familia|gente|familie|leute|kunden|students?|pupils?|guests?)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"^\W*(?:an?|the|der|die|das|ein|eine|el|la|los|las|un|una|this|that|these)\s", re.IGNORECASE
)
_NO_PERSON = re.compile(
    r"\b(?:(?:term|word) of the day|vocabulary|glossary|quiz|translation of|"
    r"article|blog post|newsletter draft|essay|chapter|talk about|podcast|documentary|"
    r"novel|"
    r"ticket|pull request|issue #|bug|endpoint|api|schema|dashboard|dataset|benchmark|library|package|"
    r"release notes|"
    r"poster|report on|research on|reading list|lecture|slides|seminar|course on|paper on|study on|film|"
    r"movie|museum)\b",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(listed("no_names"))


OWNER = "owner"


@lru_cache(maxsize=8)
def owner_names(deployment: Deployment) -> frozenset[str]:
    """In lower case: whom the agent serves first. As USER.md says, as channels name the owner, as Git names
    authors who are no agents, and whom memory mostly speaks of."""
    found: set[str] = set()
    begins: Counter[str] = Counter()
    for text in deployment.of_kind("user model", "memory"):
        for entry in entries_of(text):
            told = entry.text.replace("*", "")
            if not (text.kind == "memory" and _RELATION.search(told)):
                found.update(_NAMED.findall(told))
            if (match := _NAME.match(told)) and match.group(1) not in _NO_NAMES:
                begins[match.group(1)] += 1
    most = begins.most_common(2)
    if most and most[0][1] >= 2 and (len(most) == 1 or most[0][1] > most[1][1]):
        found.add(most[0][0])
    found.update(one.name.split()[0] for one in deployment.said_by_owner if one.name)
    for version in deployment.history:
        if (match := _NAME.match(version.author)) and not _AGENT.search(version.author):
            found.add(match.group(1))
    return frozenset({name.lower() for name in found} - {"name", "the", "human", "user"})


def subject_of(entry: Entry, place: int, owner: frozenset[str]) -> str | None:
    """Who the fact at `place` of the entry is about: OWNER, or the words by which the text names somebody
    else; None where it is about nobody.

    The nearest person before it, where none is named the owner: memory is written about its owner.
    """
    before = entry.text[:place]
    whole = entry.text
    if _NO_PERSON.search(whole) and not _OWNER.search(before) and not _RELATION.search(before):
        return None
    clauses = re.split(r"(?<!\b[A-Z])(?<!\bDr)(?<!\bSt)(?<!\bMr)(?<!\bMrs)[.;!?]\s|\s[–—]\s|;", before)
    clause = before if len(clauses) == 1 else clauses[-1]
    nearest: tuple[int, str] | None = None
    for match in _RELATION.finditer(clause):
        nearest = max(nearest or (-1, ""), (match.start(), match.group()))
    for match in _NAME.finditer(clause):
        name = match.group(1)
        is_first = match.start() == 0 and clause is before
        if (
            name in _NO_NAMES
            or _is_term(name)
            or (is_first and match.group() == name and not _DOES.match(whole[match.end() :]))
        ):
            continue
        said = OWNER if name.lower() in owner else name
        nearest = max(nearest or (-1, ""), (match.start(), said))
    if nearest is None and (heading := _of_heading(entry, owner)):
        return heading
    if nearest is None and _ARTICLE.match(whole) and not _is_about_somebody(whole, owner):
        return None
    if nearest is None:
        at = _RELATION.match(whole[place:])
        return at.group() if at else OWNER
    return _plain(nearest[1])


@lru_cache(maxsize=2_000)
def _is_term(name: str) -> bool:
    """A medicine or a movement, and nobody."""
    return any(one.sensitivity == "special" and one.find(name) for one in categories().values())


def speaks_of_nobody(text: str) -> bool:
    """A text about a work, a course or a program."""
    return bool(_NO_PERSON.search(text))


def _is_about_somebody(text: str, owner: frozenset[str]) -> bool:
    return bool(_OWNER.search(text) or _RELATION.search(text)) or any(
        name.group(1).lower() in owner for name in _NAME.finditer(text)
    )


def _of_heading(entry: Entry, owner: frozenset[str]) -> str:
    """Under a heading that is a name of somebody else."""
    title = entry.headings[-1] if entry.headings else ""
    match = _NAME.match(title.strip())
    if match and len(entry.headings) > 1 and _OTHERS_HEADING.search(entry.headings[-2]):
        return "" if match.group(1).lower() in owner else match.group(1)
    return ""


def _plain(name: str) -> str:
    return re.sub(r"['’]s$", "", name)
