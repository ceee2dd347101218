"""What a line is about by its place: the record, the table's row or the list's item that it belongs to.

“member: Kevin” above “note: pacemaker”, the first cell of a row, the item above an indented one: memories
name somebody once, and the lines below go on about them.
"""

from __future__ import annotations

import re

from forwhom.audit.knowledge.words import listed

_NAMING = re.compile(
    rf"^\W*(?:{'|'.join(sorted(listed('naming'), key=len, reverse=True))})"
    r"\W{0,3}[:=]\W*(?P<who>.{2,60})$",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•]|\d+[.)])\s+(?P<said>.+)$")
_CELLS = re.compile(r"\s*\|\s*")
_LONGEST = 60
"""Letters of an item that only names what the items under it are about."""


class Records:
    """Reads the lines of a text in their order."""

    def __init__(self) -> None:
        self._record = ""
        self._items: list[tuple[int, str]] = []

    def leave(self) -> None:
        """At a heading everything above has ended."""
        self._record, self._items = "", []

    def of(self, line: str) -> str:
        """By what `line` is headed: the words that name somebody or something, "" without."""
        if not line.strip():
            self._record = ""
            return ""
        if line.lstrip().startswith("|"):
            return next((cell for cell in _CELLS.split(line.strip().strip("|")) if _is_words(cell)), "")
        if named := _NAMING.match(line):
            self._record = named["who"].strip("*_ ")
            return self._record
        item = _ITEM.match(line)
        indent = len(item["indent"]) if item else len(line) - len(line.lstrip())
        self._items = [one for one in self._items if one[0] < indent] if item or indent == 0 else self._items
        above = self._items[-1][1] if self._items and indent > self._items[-1][0] else ""
        if item:
            self._items.append((indent, _label(item["said"])))
        return above or self._record


def _label(said: str) -> str:
    """What an item says before its colon, or all of a short one."""
    label = said.split(":")[0]
    return label.strip("*_ ") if len(label) <= _LONGEST else ""


def _is_words(cell: str) -> bool:
    return bool(re.match(r"\W{0,2}[^\W\d_]{2,}", cell))
