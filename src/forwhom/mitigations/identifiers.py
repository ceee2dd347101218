"""Identifiers in a text: what names or unlocks one person, by its form and its check digits.

Presidio does more (names by a language model, numbers of many countries). It needs spaCy, which changes what
a memory product under test does where it is installed (mem0 fetches spaCy's models), so the forms that matter
here are our own. Limit: a name without a title, and whatever has no form, is not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, get_args

Kind = Literal["email", "iban", "card", "address", "ip", "phone", "key", "secret", "name"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Identifier:
    """One occurrence: `text[start:end]`."""

    kind: Kind
    start: int
    end: int


def identifiers(text: str, kinds: Sequence[Kind] = KINDS, names: Sequence[str] = ()) -> list[Identifier]:
    """The identifiers in `text`, in order; where two overlap, the one whose kind comes first in KINDS.

    names: of people, known from elsewhere: found as they are written.
    """
    taken: list[Identifier] = []
    for found in _candidates(text, kinds, names):
        if all(found.end <= one.start or one.end <= found.start for one in taken):
            taken.append(found)
    return sorted(taken, key=lambda one: one.start)


def _candidates(text: str, kinds: Sequence[Kind], names: Sequence[str]) -> Iterator[Identifier]:
    for kind in (one for one in KINDS if one in kinds):
        for pattern, holds in _FORMS[kind]:
            for match in pattern.finditer(text):
                group = "is" if "is" in pattern.groupindex else 0
                if holds(match[group]):
                    yield Identifier(kind, match.start(group), match.end(group))
        for name in names if kind == "name" else ():
            for match in re.finditer(rf"\b{re.escape(name)}\b", text):
                yield Identifier("name", match.start(), match.end())


def _any(found: str) -> bool:
    return True


def _is_iban(found: str) -> bool:
    """ISO 13616: the letters as numbers, the first four signs at the end, modulo 97."""
    plain = found.replace(" ", "").upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _is_card(found: str) -> bool:
    """ISO/IEC 7812: every second digit from the right is doubled; the sum ends in 0 (Luhn)."""
    digits = [int(sign) for sign in found if sign.isdigit()][::-1]
    doubled = [sum(divmod(2 * one, 10)) if place % 2 else one for place, one in enumerate(digits)]
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def _is_ip(found: str) -> bool:
    try:
        ip_address(found)
    except ValueError:
        return False
    return True


def _is_phone(found: str) -> bool:
    return 7 <= sum(sign.isdigit() for sign in found) <= 15


def _is_key(found: str) -> bool:
    has = (str.isdigit, str.isupper, str.islower)
    return sum(any(kind(sign) for sign in found) for kind in has) >= 2 and any(map(str.isdigit, found))


_STREET = "Street|Road|Lane|Avenue|Drive|Close|Square|Court|Way|Boulevard|St\\.|Rd\\.|Ave\\."
_CALLED = r"(?i)\b(?:pass(?:word|code|phrase)|phrase|pin|code|word|secret|token|mark|tag|label|number)s?\b"
_CAPITAL = r"[A-ZÄÖÜ][\w'-]+"
_Form = tuple[re.Pattern[str], Callable[[str], bool]]
_FORMS: dict[Kind, tuple[_Form, ...]] = {
    "email": ((re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b"), _any),),
    "iban": ((re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _is_iban),),
    "card": ((re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), _is_card),),
    "address": (
        (re.compile(rf"\b\d{{1,4}}[a-z]? (?:[A-Z][\w'-]+ ){{1,3}}(?:{_STREET})(?!\w)"), _any),
        (re.compile(r"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|gasse|allee|platz|weg) \d{1,4}[a-z]?\b"), _any),
    ),
    "ip": (
        (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"), _is_ip),
        (re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])"), _is_ip),
    ),
    "phone": (
        (re.compile(r"(?<![\w-])\+\d[\d ()/.-]{6,}\d\b"), _is_phone),
        (re.compile(r"(?<![\w-])\(?0\d{1,5}\)?[ /-]?\d[\d -]{4,}\d\b"), _is_phone),
        (re.compile(r"(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b|(?<![\w-])\d{3}[ -]\d{4}\b"), _is_phone),
    ),
    "key": ((re.compile(r"(?<![\w-])(?:[a-z]{2,6}[-_])?[A-Za-z0-9_]{20,}\b"), _is_key),),
    "secret": (
        # Words joined by hyphens that end in a number, as recovery phrases and canaries are.
        (re.compile(r"\b[A-Za-z]{3,}(?:-[A-Za-z]{3,})*-\d{2,}\b"), _any),
        # What is said to be one: with a digit in it, or one word after a colon or in quotation marks.
        (re.compile(rf"{_CALLED}[^.?!\n]{{0,40}}?\b(?:is|in|as|reads) (?P<is>[\w-]*\d[\w-]*)"), _any),
        (re.compile(rf"{_CALLED}[^.?!:\n]{{0,20}}[:=] ?(?P<is>[^\s.,;]+)"), _any),
        (re.compile(rf"{_CALLED}[^.?!\n]{{0,40}}?[\"“](?P<is>[^\"”\n]+)[\"”]"), _any),
    ),
    "name": ((re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau)\.? {_CAPITAL}(?: {_CAPITAL})?"), _any),),
}  # fmt: skip
