"""The forms in which a text can be told without being written out, and where they stand in an answer.

Read are: other cases, signs between the letters, look-alike signs for letters ("leetspeak"), backwards,
rot13, and base64 or hexadecimal of a text that holds it. Whatever else two people agree on is not.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from forwhom.systems.mention import beginning

Span = tuple[int, int]

_ALIKE = {
    "a": "a4@", "b": "b8", "e": "e3", "g": "g9", "i": "i1!|", "l": "l1|", "o": "o0", "s": "s5$", "t": "t7+",
    "z": "z2",
}  # fmt: skip
_MOST_BETWEEN = 3
_BETWEEN = rf"[\s_.,;:*/\\'\"|-]{{0,{_MOST_BETWEEN}}}"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX_SO_FAR = re.compile(r"\b(?:[0-9a-fA-F]{2}:?)*[0-9a-fA-F]{2}\Z")
_ENOUGH = 64
_HEX = re.compile(r"\b(?:[0-9a-fA-F]{2}[\s:]?){4,}")


Beginning = tuple[re.Pattern[str] | None, int]
"""What finds a beginning at the end of a text, and in how many of its last characters."""


def plain_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text`; case does not matter."""
    return [found.span() for form in plain_forms(secret) for found in form.finditer(text)]


def encoded_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text` in any of the forms."""
    spans = [found.span() for form in encoded_forms(secret) for found in form.finditer(text)]
    return spans + decoded_spans(text, [secret])


def decoded_spans(text: str, secrets: Sequence[str]) -> list[Span]:
    """Where a base64 or hexadecimal text holds one of them."""
    sought = [one.lower() for one in secrets if _signs(one)]
    told = [(span, decoded.lower()) for span, decoded in _decoded(text)] if sought else []
    return [span for span, decoded in told for secret in sought if secret in decoded]


@lru_cache(maxsize=100_000)
def plain_forms(secret: str) -> tuple[re.Pattern[str], ...]:
    return (re.compile(re.escape(secret), re.IGNORECASE),)


@lru_cache(maxsize=100_000)
def encoded_forms(secret: str) -> tuple[re.Pattern[str], ...]:
    """But for base64 and hexadecimal."""
    alphabets = _alphabets(secret)
    if not alphabets:
        return plain_forms(secret)
    return tuple(re.compile(_BETWEEN.join(form), re.IGNORECASE) for form in alphabets)


@lru_cache(maxsize=100_000)
def plain_beginnings(secret: str) -> tuple[Beginning, ...]:
    return ((beginning(secret), len(secret)),)


@lru_cache(maxsize=100_000)
def encoded_beginnings(secret: str) -> tuple[Beginning, ...]:
    """But for base64 and hexadecimal."""
    alphabets = _alphabets(secret)
    if not alphabets:
        return plain_beginnings(secret)
    reach = len(alphabets[0]) * (1 + _MOST_BETWEEN)
    return tuple((beginning(form, between=_BETWEEN), reach) for form in alphabets)


def goes_on(text: str, place: int) -> bool:
    """Whether a hexadecimal text may go on at `place`, which is no place inside a word."""
    before = text[max(place - _ENOUGH, 0) : place - 1]
    return (text[place - 1].isspace() or text[place - 1] == ":") and bool(_HEX_SO_FAR.search(before))


def _signs(secret: str) -> list[str]:
    return [sign for sign in secret.lower() if sign.isalnum()]


def _alphabets(secret: str) -> list[tuple[str, ...]]:
    """Of each form the patterns of its signs; none where it has no letters and digits."""
    signs = _signs(secret)
    if not signs:
        return []
    rotated = [codecs.encode(sign, "rot13") for sign in signs]
    return [tuple(map(_alike, form)) for form in (signs, signs[::-1], rotated)]


def _alike(sign: str) -> str:
    return f"[{re.escape(_ALIKE[sign])}]" if sign in _ALIKE else re.escape(sign)


def _decoded(text: str) -> Iterator[tuple[Span, str]]:
    for found in _BASE64.finditer(text):
        token = found[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            continue
        yield found.span(), decoded.decode(errors="replace")
    for found in _HEX.finditer(text):
        digits = re.sub(r"[\s:]", "", found[0])
        yield found.span(), bytes.fromhex(digits[: len(digits) // 2 * 2]).decode(errors="replace")
