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

Span = tuple[int, int]

_ALIKE = {
    "a": "a4@", "b": "b8", "e": "e3", "g": "g9", "i": "i1!|", "l": "l1|", "o": "o0", "s": "s5$", "t": "t7+",
    "z": "z2",
}  # fmt: skip
_BETWEEN = r"[\s_.,;:*/\\'\"|-]{0,3}"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"\b(?:[0-9a-fA-F]{2}[\s:]?){4,}")


def plain_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text`; case does not matter."""
    return [found.span() for found in re.finditer(re.escape(secret), text, re.IGNORECASE)]


def encoded_spans(text: str, secret: str) -> list[Span]:
    """Where `secret` stands in `text` in any of the forms."""
    signs = [sign for sign in secret.lower() if sign.isalnum()]
    if not signs:
        return plain_spans(text, secret)
    rotated = [codecs.encode(sign, "rot13") for sign in signs]
    spans = [
        found.span()
        for form in (signs, signs[::-1], rotated)
        for found in re.finditer(_BETWEEN.join(map(_alike, form)), text, re.IGNORECASE)
    ]
    return spans + [span for span, decoded in _decoded(text) if secret.lower() in decoded.lower()]


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
