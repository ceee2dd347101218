"""A memory file as its entries: what OpenClaw keeps on one line, with what stands around it.

An entry is a line (of a list or a paragraph); headings, the directives' metadata and dates belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from forwhom.audit.finding import Place
from forwhom.audit.knowledge.hidden import revealed
from forwhom.audit.knowledge.records import Records
from forwhom.audit.knowledge.words import words
from forwhom.audit.reading.deployment import Deployment, Text

_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(?P<title>.+?)\s*#*\s*$")
_ABOUT = re.compile(r"<!--\s*observed:\s*(?P<date>\S+)\s*\|\s*status:\s*(?P<status>\w+)\s*-->", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->")
_MARKER = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")
_DATE = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


@dataclass(frozen=True)
class Entry:
    """raw: the line as it stands; text: without its bullet and metadata, and with what is hidden in it.
    headings: above it, outermost first. is_active: False where its metadata say superseded. observed:
    seconds since 1970, or None. record: what the record, row or item that it belongs to is headed by."""

    source: Text
    number: int
    raw: str
    text: str
    headings: tuple[str, ...]
    is_active: bool = True
    observed: float | None = None
    record: str = ""

    @property
    def place(self) -> Place:
        return self.source.at(self.number)

    @property
    def under(self) -> str:
        return " > ".join(self.headings)

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)


def entries_outside_skills(deployment: Deployment) -> Iterator[Entry]:
    """Of all texts that the agent keeps of itself and of people; a skill's orders are its use."""
    for text in deployment.texts:
        if text.kind != "skill":
            yield from entries_of(text)


def entries_of(text: Text) -> Iterator[Entry]:
    """Headings and code are none; a `- **Label:**` without a value is none, either."""
    headings: list[tuple[int, str]] = []
    about: tuple[bool, float | None] = (True, None)
    is_code, is_front = False, bool(text.lines) and text.lines[0].strip() == "---"
    of_file, records = _date(text.file), Records()
    for number, line in enumerate(text.lines):
        if is_front:
            is_front = number == 0 or line.strip() != "---"
            continue
        if _FENCE.match(line):
            is_code = not is_code
            continue
        if heading := _HEADING.match(line):
            level = len(heading.group(1))
            headings = [one for one in headings if one[0] < level] + [(level, heading["title"])]
            about = (True, None)
            records.leave()
            continue
        record = "" if is_code else records.of(line)
        if told := _ABOUT.search(line):
            about = (told["status"].lower() != "superseded", _date(told["date"]))
        plain = _COMMENT.sub("", _MARKER.sub("", revealed(line))).strip()
        if is_code or not re.search(r"\w", plain):
            continue
        observed = about[1] or _date(line) or next(
            (found for _, title in reversed(headings) if (found := _date(title))), of_file
        )  # fmt: skip
        titles = tuple(title for _, title in headings)
        yield Entry(text, number, line, plain, titles, about[0], observed, record)
        about = (True, None)


def _date(told: str) -> float | None:
    found = _DATE.search(told)
    if not found:
        return None
    try:
        year, month, day = map(int, found.groups())
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return None
