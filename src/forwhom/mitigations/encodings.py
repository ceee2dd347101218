"""The forms in which a text can be told without being written out, and where they stand in an answer.

Read are: other cases, signs between the letters, look-alike signs for letters ("leetspeak"), backwards,
rot13, and base64 or hexadecimal of a text that holds it. Whatever else two people agree on is not.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from forwhom.systems.mention import beginning, first_of

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


def plain_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text`; case does not matter."""
    return [found.span() for found in re.finditer(re.escape(secret), text, re.IGNORECASE)]


def encoded_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text` in any of the forms."""
    if not _signs(secret):
        return plain_spans(text, secret)
    spans = [found.span() for form in _forms(secret) for found in form.finditer(text)]
    return spans + [span for span, decoded in _decoded(text) if secret.lower() in decoded.lower()]


def plain_begins_at(text: str, secret: str) -> int:
    """Where `secret` may have begun that is not all written yet; the length of `text` for nowhere."""
    return first_of(beginning(secret), text, len(secret))


def encoded_begins_at(text: str, secret: str) -> int:
    """The same of any of the forms, but for a base64 or hexadecimal text."""
    if not _signs(secret):
        return plain_begins_at(text, secret)
    reach = len(_signs(secret)) * (1 + _MOST_BETWEEN)
    return min(first_of(one, text, reach) for one in _beginnings(secret))


def goes_on(text: str, place: int) -> bool:
    """Whether a hexadecimal text may go on at `place`, which is no place inside a word."""
    before = text[max(place - _ENOUGH, 0) : place - 1]
    return (text[place - 1].isspace() or text[place - 1] == ":") and bool(_HEX_SO_FAR.search(before))


def _signs(secret: str) -> list[str]:
    return [sign for sign in secret.lower() if sign.isalnum()]


@lru_cache(maxsize=100_000)
def _forms(secret: str) -> tuple[re.Pattern[str], ...]:
    """Kept, since an answer that comes in parts is looked at many times."""
    return tuple(re.compile(_BETWEEN.join(form), re.IGNORECASE) for form in _alphabets(secret))


@lru_cache(maxsize=100_000)
def _beginnings(secret: str) -> tuple[re.Pattern[str] | None, ...]:
    return tuple(beginning(form, between=_BETWEEN) for form in _alphabets(secret))


def _alphabets(secret: str) -> list[tuple[str, ...]]:
    """Of each form the patterns of its signs."""
    signs = _signs(secret)
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
