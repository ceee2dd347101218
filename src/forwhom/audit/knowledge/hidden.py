"""Text that a model reads and a person does not see: where it stands, and what it says."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TAGS = re.compile("[\U000e0020-\U000e007f]{2,}")
_WIDTHLESS = re.compile(r"[\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_JOINED = re.compile(r"(?<=[\u0600-\u06ff\u0900-\u0dff\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])\u200d")
_COMMENT = re.compile(r"<!--(?P<text>.*?)-->", re.DOTALL)
_KNOWN = re.compile(
    r"^\s*(?:observed:|trigger:|importance:|project:|status:|openclaw-memory|toc\b|markdownlint|prettier|"
    r"eslint|"
    r"source:|supersede|id:|origin:|/?openclaw:dream)",
    re.IGNORECASE,
)
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{24,}={0,2}(?![\w+/=])")
_STYLED = re.compile(
    r"<[^>]*(?:display\s*:\s*none|font-size\s*:\s*0|color\s*:\s*(?:white|#fff)|visibility\s*:\s*hidden|"
    r"\shidden)[^>]*>(?P<text>[^<]{8,})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hidden:
    """at: where it begins in the text that was searched. kind: by what it is hidden. says: what it says."""

    at: int
    kind: str
    says: str


def hidden_in(text: str) -> Iterator[Hidden]:
    """Comments, zero-width, direction and tag characters, invisible styles, and base64 that holds a sentence;
    not the annotations that OpenClaw itself writes, nor what code shows between backticks."""
    plain = re.sub(r"`[^`\n]*`", lambda found: " " * len(found.group()), text)
    for found in _TAGS.finditer(plain):
        yield Hidden(found.start(), "tag characters", _untagged(found.group()))
    start = 0
    for line in plain.split("\n"):
        without = _JOINED.sub("", line.lstrip("\ufeff") if start == 0 else line)
        marks = [one for one in _WIDTHLESS.findall(without) if one != "\u00ad"]
        if len(marks) >= 2 and not _TAGS.search(line):
            yield Hidden(start, "characters without width", _WIDTHLESS.sub("", line).strip())
        if _BIDI.search(line):
            yield Hidden(start, "characters that turn the direction of reading", _BIDI.sub("", line).strip())
        start += len(line) + 1
    for found in _COMMENT.finditer(plain):
        if not _KNOWN.match(found["text"]):
            yield Hidden(found.start(), "an HTML comment", " ".join(found["text"].split()))
    for found in _STYLED.finditer(plain):
        yield Hidden(found.start(), "text that is styled to be invisible", found["text"].strip())
    for found in _BASE64.finditer(plain):
        if told := _decoded(found.group()):
            yield Hidden(found.start(), "an encoded text (base64)", told)


def revealed(line: str) -> str:
    """A line as a model may read it: what is hidden in it stands there in plain."""
    told = _TAGS.sub(lambda found: f" {_untagged(found.group())} ", line)
    told = _BIDI.sub("", _WIDTHLESS.sub("", told))
    told = _COMMENT.sub(lambda found: "" if _KNOWN.match(found["text"]) else found["text"], told)
    return _BASE64.sub(lambda found: _decoded(found.group()) or found.group(), told)


def _untagged(text: str) -> str:
    return "".join(chr(ord(sign) - 0xE0000) for sign in text)


def _decoded(packed: str) -> str:
    """Of base64 that holds words of a sentence; else ""."""
    try:
        told = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return told if told.isprintable() and told.count(" ") >= 3 else ""
