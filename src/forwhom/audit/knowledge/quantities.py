"""Numbers with what they count: two different ones of the same thing cannot both hold.

“The press prints 500 an hour” and “prints 900 an hour”, “on 12 May” and “on 19 May”, “within 30 working days”
and “the same day”. A number without a unit is a name (“room 2”) and belongs to the thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ruamel.yaml import YAML

from forwhom.audit.knowledge.words import listed, share, words

_NEAR = 0.75
_BOUNDS = re.compile(
    r"\b(?:within|at most|at least|up to|no more than|about|around|roughly|binnen|innerhalb|höchstens|"
    r"mindestens|etwa|"
    r"dentro de|como mucho|al menos|unos|unas|dans les|au plus|au moins|environ|without exception)\b",
    re.IGNORECASE,
)
_DOINGS = {word for verb in listed("verbs") for word in words(verb)} | set(
    words("bake cook roast boil swim ride walk train")
)
_FEWEST = 2
"""Words of the thing that two statements must share."""


@dataclass(frozen=True)
class Quantity:
    """dimension: of its unit. values: the number, and what else was told with it. thing: the words that tell
    of what it is, numbers without a unit among them."""

    dimension: str
    value: float
    thing: tuple[str, ...]


def quantities(text: str) -> tuple[Quantity, ...]:
    """Of the first sentence of `text`."""
    first = re.split(r"(?<=[^\W\d]{2})[.;!?](?=\s|$)", text)[0]
    plain = _numerals().sub(lambda found: _NUMERALS[found.group().lower()], first)
    found = [
        (match, dimension, factor)
        for dimension, factor, pattern in _units()
        for match in pattern.finditer(plain)
    ]
    rest = plain
    for match, _, _ in found:
        rest = rest.replace(match.group(), " ")
    thing = tuple(words(_BOUNDS.sub(" ", rest)))
    return tuple(
        Quantity(dimension, _number(match["value"]) * factor, thing) for match, dimension, factor in found
    )


def differ(one: tuple[Quantity, ...], other: tuple[Quantity, ...]) -> str:
    """Of what two statements tell different numbers, in words; "" where they do not."""
    for first in one:
        others = [two for two in other if two.dimension == first.dimension]
        if not others or any(two.value == first.value for two in others):
            continue
        if _is_same_thing(first.thing, others[0].thing):
            return f"{first.dimension}: {first.value:g} and {others[0].value:g} of the same thing"
    return ""


def _is_same_thing(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    smaller, larger = sorted((one, other), key=lambda told: len(set(told)))
    both = set(smaller) & set(larger)
    names = [{word for word in told if word.isdigit()} for told in (one, other)]
    if all(names) and names[0] != names[1]:
        return False
    begins_alike = bool(one and other) and one[0] == other[0] and one[0] not in _DOINGS
    return (len(both) >= _FEWEST and share(smaller, larger) >= _NEAR) or (
        begins_alike and len(set(smaller)) <= _FEWEST and share(smaller, larger) >= 1 / 2
    )


def _number(told: str) -> float:
    if ":" in told:
        hours, minutes = told.split(":")[:2]
        return int(hours) + int(minutes) / 60
    return float(re.sub(r"[.,](?=\d{3}\b)", "", told).replace(",", ".").rstrip("."))


@lru_cache(maxsize=1)
def _units() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    """By dimension, with how many of the smallest unit each is; the value is the group of that name."""
    told = _data()["units"]
    return tuple(
        (
            dimension,
            float(factor),
            re.compile(pattern.replace("#", r"(?P<value>\d+(?:[.,:]\d+)*)"), re.IGNORECASE),
        )
        for dimension, patterns in told.items()
        for pattern, factor in patterns.items()
    )


@lru_cache(maxsize=1)
def _data() -> dict[str, dict[str, dict[str, float]]]:
    told: dict[str, dict[str, dict[str, float]]] = YAML(typ="safe").load(
        files("forwhom.audit.knowledge").joinpath("quantities.yaml").read_text(encoding="utf-8")
    )
    return told


_NUMERALS = {word: str(number) for number, row in _data()["numerals"].items() for word in str(row).split("|")}


@lru_cache(maxsize=1)
def _numerals() -> re.Pattern[str]:
    longest = sorted(_NUMERALS, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
