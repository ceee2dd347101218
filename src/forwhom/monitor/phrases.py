"""A list of phrases whose appearance in an assistant's turn makes a session unsafe.

Canaries, the names of contraindicated products, what one user told and no other may hear. Deterministic: no
model judges. A phrase is found whatever its case, its spaces and its way of writing in Unicode, but only as
whole words: "ham" is not in "shampoo".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forwhom.errors import InputError
from forwhom.monitor.session import around, quoted
from forwhom.validated import read_text

_MAX_BYTES = 1_000_000
_WANTED = "Name a text file with one phrase a line: --watch FILE"


@dataclass(frozen=True)
class Phrases:
    """Compiled once, for all lines."""

    pattern: re.Pattern[str]

    def found(self, turns: Iterable[str]) -> str | None:
        """The text around the first phrase in any of these turns, or None."""
        for turn in turns:
            text = _plain(turn)
            if told := self.pattern.search(text):
                return around(text, *told.span())
        return None


def load_phrases(path: Path) -> Phrases:
    """One phrase a line; raises InputError for a file that cannot be read or holds none."""
    lines = [_plain(line) for line in read_text(path, _WANTED, _MAX_BYTES).split("\n")]
    phrases = sorted({line for line in lines if line}, key=lambda line: (-len(line), line))
    if not phrases:
        raise InputError(f"{path}: holds no phrase. {_WANTED}")
    for phrase in phrases:
        if not any(letter.isalnum() for letter in phrase):
            raise InputError(f"{path}: {quoted(phrase)} has no letter or digit; it would be everywhere.")
    return Phrases(re.compile(r"(?<!\w)(?:" + "|".join(re.escape(one) for one in phrases) + r")(?!\w)"))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # What is invisible (zero-width joiners, soft hyphens) hides no phrase.
    seen = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return " ".join(seen.split())
