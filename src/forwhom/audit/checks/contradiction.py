"""Two active statements that cannot both hold: the agent answers by either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import combinations

from ruamel.yaml import YAML

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.people import owner_names, subject_of
from forwhom.audit.knowledge.words import alike, share, words
from forwhom.audit.reading.deployment import Deployment

_NEGATED = re.compile(
    r"\b(?:never|not|no|don['’]t|doesn['’]t|isn['’]t|aren['’]t|won['’]t|can['’]t|cannot|avoids?|"
    r"stop(?:ped)?|quit|without|dislikes?|"
    r"hates?|refuses?|gave up|nie|niemals|nicht|kein\w*|ohne|hasst|no longer|nunca|jamás|tampoco|"
    r"ya no|odia|sin|ne|pas|jamais|sans)\b",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(?:prefer\w*|rather|likes?|bevorzugt|prefiere)\s+(?P<more>[^,.;]+?)\s+(?:over|to|than|instead of|"
    r"als|a|antes que)\s+(?P<less>[^,.;]+)",
    re.IGNORECASE,
)


_CLAUSE = re.compile(r"[;:,.](?=\s)|\s[–—]\s")
_NUMBER = re.compile(
    r"\d[\d.,:/]*|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|full)\s+(?:full\s+|working\s+)?"
    r"(?:days?|weeks?|months?|hours?|times?)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:montag|dienstag|mittwoch|donnerstag|"
    r"freitag|samstag|sonntag)s?\b|"
    r"\b(?:lunes|martes|miércoles|jueves|viernes|sábados?|domingos?)\b",
    re.IGNORECASE,
)
_WEEK = {
    name: number
    for number, told in enumerate(
        ["mon lun", "tue die mar", "wed mit mié", "thu don jue", "fri fre vie", "sat sam sáb", "sun son dom"]
    )
    for name in told.split()
}
_TWO_WORDS = re.compile(r"\W*\S+\s+\S+")
_AVOIDS = re.compile(
    r"\b(?:allergic to|allergy to|allergies:?|intolerant (?:to|of)|can(?:no|['’])t (?:eat|have|stand)|"
    r"no|never eats|avoids?|hates|allergisch (?:gegen|auf)|"
    r"verträgt (?:kein\w*)?|hasst|keine?|alérgic[oa] (?:a|al)(?: los| las| la)?|intolerante a(?: la)?|"
    r"sin|odia|allergique (?:à|aux)) (?P<what>\w{3,})|"
    r"\b(?P<of>\w{3,})[ -]?(?:allergy|allergie|intoleran\w+|unverträglichkeit)",
    re.IGNORECASE,
)
_ENJOYS = re.compile(
    r"\b(?:loves?|likes?|enjoys?|favou?rite|orders?|craves?|adores?|snack\w*|treat|usual|always|"
    r"ritual|breakfast|lunch|every (?:morning|day|week|\w+day)|"
    r"liebt|mag|bestellt|isst gern\w*|lieblings\w*|immer|jeden|jede|le (?:gusta|encanta)n?|"
    r"favorit[oa]|siempre|pide|desayuna|cada|adore|préféré\w*)\b",
    re.IGNORECASE,
)
_NOBODYS = ("siblings", "children", "pets", "marital status")
"""Topics of which one side names somebody else."""
_STATES = re.compile(
    r"\b(?:is|are|at|within|before|after|costs?|opens?|starts?|ist|um|es|a las|until|for)\b|:", re.IGNORECASE
)


@check(
    "contradiction",
    risk="stale-memory",
    question="knows",
    about="Two active statements of memory cannot both hold.",
    fix="Ask its owner which holds; mark the other superseded or delete it.",
)
def contradiction(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    owner = owner_names(deployment)
    entries = [
        (entry, _subject(entry, owner))
        for text in deployment.of_kind("user model", "memory", "daily note")
        for entry in entries_of(text)
        if entry.is_active and len(entry.text) < 400
    ]
    told: set[tuple[str, str]] = set()
    for (one, whose), (other, others) in combinations(entries, 2):
        if one.place == other.place:
            continue
        why = _clash(one, other)
        if whose != others and why not in _NOBODYS:
            continue
        if why and (str(one.place), why) not in told:
            told.add((str(one.place), why))
            yield check.found(
                one.place, f"Two statements cannot both hold: {why}.", "medium",
                "an answer may go by either of them.", "possible", quote=f"{one.text} / {other.text}",
                related=[other.place],
            )  # fmt: skip


def _subject(entry: Entry, owner: frozenset[str]) -> str:
    """Somebody else only where the entry begins with them."""
    begins = _TWO_WORDS.match(entry.text)
    found = subject_of(entry, begins.end() if begins else len(entry.text), owner)
    return found.name.lower() if found and found.name != "owner" else "owner"


def _clash(one: Entry, other: Entry) -> str:
    """Why the two exclude each other, in words; "" where they do not."""
    for name, sides in _opposites().items():
        for left, right in combinations(sides, 2):
            if (_only(one, left, right) and _only(other, right, left)) or (
                _only(one, right, left) and _only(other, left, right)
            ):
                return name
    for slot, pattern in _slots().items():
        first, second = pattern.search(one.text), pattern.search(other.text)
        if first and second and not alike(words(first["value"]), words(second["value"])):
            return f"{slot} “{first['value'].strip()}” and “{second['value'].strip()}”"
    first, second = _OVER.search(one.text), _OVER.search(other.text)
    if first and second and alike(words(first["more"]), words(second["less"])) > 0.5:
        return f"prefers “{first['more']}” to “{first['less']}”, and the other way round"
    if _polarity(one.text) != _polarity(other.text) and _is_same_matter(one, other):
        return "one says what the other denies"
    return _eaten(one, other) or _eaten(other, one) or _numbers(one, other) or _days(one, other)


def _only(entry: Entry, side: re.Pattern[str], against: re.Pattern[str]) -> bool:
    """A side told as such, and not denied of it: “no beer” is not the other side of “teetotal”."""
    found = side.search(entry.text)
    if found is None or against.search(entry.text):
        return False
    return not _NEGATED.search(entry.text[max(0, found.start() - 24) : found.start()])


def _polarity(text: str) -> bool:
    return bool(_NEGATED.search(_CLAUSE.split(text)[0]))


def _is_same_matter(one: Entry, other: Entry) -> bool:
    """Of their first clauses; one may say more than the other."""
    first, second = (words(_NEGATED.sub(" ", _CLAUSE.split(entry.text)[0])) for entry in (one, other))
    smaller, larger = sorted((first, second), key=len)
    return len(set(smaller)) >= 2 and (share(smaller, larger) >= 0.99 or alike(first, second) >= 0.6)


def _numbers(one: Entry, other: Entry) -> str:
    """The same beginning, then another number or time: “Dinner is at 18:30”. Daily notes are about a day."""
    if "daily note" in (one.source.kind, other.source.kind):
        return ""
    first, second = _NUMBER.search(one.text), _NUMBER.search(other.text)
    if not first or not second or first.group().lower() == second.group().lower():
        return ""
    before = [words(text[: found.start()]) for text, found in ((one.text, first), (other.text, second))]
    if not _STATES.search(one.text[: first.start()]) or not before[0]:
        return ""
    if share(*before) >= 0.75 and share(*reversed(before)) >= 0.75:
        return f"“{first.group()}” and “{second.group()}” of the same thing"
    return ""


def _eaten(one: Entry, other: Entry) -> str:
    """What somebody must not or will not have, and what they love."""
    if not _ENJOYS.search(other.text) or _NEGATED.search(other.text) or _AVOIDS.search(other.text):
        return ""
    for found in _AVOIDS.finditer(one.text):
        what = (found["what"] or found["of"]).lower()
        core = what.removesuffix("s") if len(what) > 3 else what
        if len(core) >= 3 and re.search(rf"\b\w{{0,4}}{re.escape(core)}", other.text, re.IGNORECASE):
            return f"no {what}, and {what} enjoyed"
    return ""


def _days(one: Entry, other: Entry) -> str:
    """The same but for the day: “Team call is on Tuesdays”. Daily notes are about a day."""
    if "daily note" in (one.source.kind, other.source.kind):
        return ""
    first, second = (
        {_WEEK[day.lower().rstrip("s.")[:3]] for day in _DAY.findall(entry.text)} for entry in (one, other)
    )
    if not first or not second or first & second:
        return ""
    rest = [words(_DAY.sub(" ", entry.text)) for entry in (one, other)]
    if len(set(rest[0])) >= 2 and alike(*rest) >= 0.6:
        return "it names one day, and the other another"
    return ""


@lru_cache(maxsize=1)
def _data() -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = YAML(typ="safe").load(
        files("forwhom.audit.knowledge").joinpath("opposites.yaml").read_text(encoding="utf-8")
    )
    return told


@lru_cache(maxsize=1)
def _opposites() -> dict[str, list[re.Pattern[str]]]:
    return {
        name: [re.compile(rf"(?<!\w)(?:{side})(?!\w)", re.IGNORECASE) for side in sides]
        for name, sides in _data()["opposites"].items()
    }


@lru_cache(maxsize=1)
def _slots() -> dict[str, re.Pattern[str]]:
    slots: dict[str, str] = _data()["slots"]  # type: ignore[assignment]
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in slots.items()}
