"""A line of memory as a statement, and why two of them exclude each other (opposites.yaml).

What a line says is read once, so that a memory of a thousand lines can be compared line with line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from forwhom.audit.knowledge.entries import Entry
from forwhom.audit.knowledge.quantities import Quantity, differ, quantities
from forwhom.audit.knowledge.words import alike, share, words

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
_AVOIDS = re.compile(
    r"\b(?:(?P<never>no|no come|no bebe|isst kein\w*|avoids?|hates|hasst|keine?|sin|odia)|allergic to|"
    r"allergy to|allergies:?|"
    r"intolerant (?:to|of)|"
    r"can(?:no|['’])t (?:eat|have|stand)|never eats|allergisch (?:gegen|auf)|verträgt(?: kein\w*)?|"
    r"alérgic[oa] (?:a|al)(?: los| las| la)?|intolerante a(?: la)?|allergique (?:à|aux)) (?P<what>\w{3,})|"
    r"\b(?P<of>\w{3,})[ -]?(?:allergy|allergie|intoleran\w+|unverträglichkeit)",
    re.IGNORECASE,
)
_LOVES = re.compile(
    r"\b(?:loves|likes|enjoys|favou?rite|craves|adores|snack\w*|treat|liebt|mag|isst gern\w*|"
    r"lieblings\w*|"
    r"le (?:gusta|encanta)n?|favorit[oa]|adore|préféré\w*)\b",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"\b(?:orders?|usual|always|ritual|breakfast|lunch|toast|snack|every (?:morning|day|week|\w+day)|"
    r"bestellt|"
    r"immer|jeden|jede|"
    r"siempre|pide|desayuna|cada)\b",
    re.IGNORECASE,
)
_OFF = re.compile(
    r"\b(?:off|free|closed|never|not|no|away|day off|frei|zu|geschlossen|nie|nicht|libra?|libres?|cerrado|"
    r"nunca|congé|"
    r"fermé|jamais)\b",
    re.IGNORECASE,
)
_ON = re.compile(
    r"\b(?:opens?|works?|working|shifts?|on duty|covers?|teaches|comes in|starts|runs|behind the|"
    r"at the (?:desk|door|till|"
    r"office|shop)|arbeitet|dienst|öffnet|unterrichtet|kommt|trabaja|abre|turno|da clase|travaille|ouvre|"
    r"garde)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:used to|formerly|previously|until (?:20\d\d|last)|back then|no longer|at first|früher|damals|"
    r"bis 20\d\d|"
    r"ehemals|antes|hasta 20\d\d|solía|ya no|autrefois|avant|jusqu['’]en)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """whose: "owner", or whom the entry begins with."""

    entry: Entry
    whose: str

    @property
    def text(self) -> str:
        return self.entry.text

    @property
    def is_of_a_day(self) -> bool:
        return self.entry.source.kind == "daily note"

    @cached_property
    def sides(self) -> dict[str, tuple[frozenset[int], frozenset[int]]]:
        """By topic: the sides that it names, and those of them that it does not deny (“no beer” is not the
        other side of “teetotal”)."""
        found = {}
        for topic, patterns in _opposites().items():
            at = {number: match for number, side in enumerate(patterns) if (match := side.search(self.text))}
            if at:
                told = {number for number, match in at.items() if not _is_denied(self.text, match.start())}
                found[topic] = (frozenset(at), frozenset(told))
        return found

    @cached_property
    def slots(self) -> dict[str, str]:
        found = {slot: pattern.search(self.text) for slot, pattern in _slots().items()}
        return {slot: match["value"].strip() for slot, match in found.items() if match}

    @cached_property
    def preferred(self) -> tuple[str, str] | None:
        """More, and less."""
        found = _OVER.search(self.text)
        return (found["more"], found["less"]) if found else None

    @cached_property
    def is_negated(self) -> bool:
        return bool(_NEGATED.search(self._clause))

    @cached_property
    def matter(self) -> tuple[str, ...]:
        """Of the first clause, without its negation."""
        return tuple(words(_NEGATED.sub(" ", self._clause)))

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        return () if self.is_of_a_day or _PAST.search(self.text) else quantities(self.text)

    @cached_property
    def free_days(self) -> frozenset[int]:
        """On which somebody does not work: “has Tuesdays off”."""
        return self._days_of(_OFF, _ON)

    @cached_property
    def working_days(self) -> frozenset[int]:
        return self._days_of(_ON, _OFF)

    def _days_of(self, sign: re.Pattern[str], other: re.Pattern[str]) -> frozenset[int]:
        clauses = (one for one in _CLAUSE.split(self.text) if sign.search(one) and not other.search(one))
        return frozenset(_WEEK[day.lower()[:3]] for one in clauses for day in _DAY.findall(one))

    @cached_property
    def days(self) -> tuple[frozenset[int], tuple[str, ...]] | None:
        """Days of the week, and what else is said."""
        found = {_WEEK[day.lower()[:3]] for day in _DAY.findall(self._clause)}
        return (frozenset(found), tuple(words(_DAY.sub(" ", self._clause)))) if found else None

    @cached_property
    def avoided(self) -> tuple[tuple[str, bool], ...]:
        """What somebody must not or will not have; True where it would make them ill."""
        return tuple(
            ((found["what"] or found["of"]).lower(), not found["never"])
            for found in _AVOIDS.finditer(self.text)
        )

    @cached_property
    def enjoys(self) -> tuple[bool, bool]:
        """Whether it tells what somebody loves, and what they have."""
        if self.avoided or _NEGATED.search(self.text):
            return False, False
        return bool(_LOVES.search(self.text)), bool(_HAS.search(self.text))

    @cached_property
    def _clause(self) -> str:
        return _CLAUSE.split(self.text)[0]


def clash(one: Statement, other: Statement) -> str:
    """Why the two exclude each other, in words; "" where they do not."""
    for topic in one.sides.keys() & other.sides.keys():
        (first, told), (second, said) = one.sides[topic], other.sides[topic]
        if any(
            left != right and right not in first and left not in second for left in told for right in said
        ):
            return topic
    for slot in one.slots.keys() & other.slots.keys():
        if not alike(words(one.slots[slot]), words(other.slots[slot])):
            return f"{slot} “{one.slots[slot]}” and “{other.slots[slot]}”"
    if one.preferred and other.preferred and alike(words(one.preferred[0]), words(other.preferred[1])) > 0.5:
        return f"prefers “{one.preferred[0]}” to “{one.preferred[1]}”, and the other way round"
    if one.is_negated != other.is_negated and _is_same(one.matter, other.matter):
        return "one says what the other denies"
    return (
        _eaten(one, other)
        or _eaten(other, one)
        or differ(one.quantities, other.quantities)
        or _days(one, other)
    )


def _is_denied(text: str, at: int) -> bool:
    return bool(_NEGATED.search(text[max(0, at - 24) : at]))


def _is_same(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """One may say more than the other."""
    smaller, larger = sorted((first, second), key=len)
    return len(set(smaller)) >= 2 and (share(smaller, larger) >= 0.99 or alike(first, second) >= 0.6)


def _days(one: Statement, other: Statement) -> str:
    """The same but for the day: “Team call is on Tuesdays”. Daily notes are about a day."""
    if one.free_days & other.working_days or other.free_days & one.working_days:
        return "a day that is free, and work on it" if one.whose == other.whose != "owner" else ""
    if not one.days or not other.days or one.is_of_a_day or other.is_of_a_day or one.days[0] & other.days[0]:
        return ""
    rest = one.days[1]
    return (
        "it names one day, and the other another"
        if rest and alike(rest, other.days[1]) >= (0.6 if len(set(rest)) >= 2 else 1)
        else ""
    )


def _eaten(one: Statement, other: Statement) -> str:
    """What somebody must not or will not have, and what they love."""
    loves, has = other.enjoys
    for what, is_ill in one.avoided if loves or has else ():
        core = what.removesuffix("s") if len(what) > 3 else what
        kinds = _data()["kinds"].get(what) or _data()["kinds"].get(core) or r"(?!)"
        if (loves or is_ill) and re.search(rf"\b\w{{0,4}}{re.escape(core)}", other.text, re.IGNORECASE):
            return f"no {what}, and {what} enjoyed"
        if re.search(rf"\b(?:{kinds})", other.text, re.IGNORECASE):
            return f"no {what}, and {what} enjoyed"
    return ""


@lru_cache(maxsize=1)
def _data() -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = YAML(typ="safe").load(
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
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _data()["slots"].items()}
