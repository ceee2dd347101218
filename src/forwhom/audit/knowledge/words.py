"""Texts compared by their words: which stand in both, whatever their order and endings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from math import log

from ruamel.yaml import YAML


@lru_cache(maxsize=8)
def listed(name: str) -> tuple[str, ...]:
    """A list of words.yaml."""
    told = YAML(typ="safe").load(files("forwhom.audit.knowledge").joinpath("words.yaml").read_text("utf-8"))
    return tuple(str(told[name]).split())


_COMMON = frozenset(listed("common"))
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def words(text: str) -> list[str]:
    """In lower case, without endings that English puts on; common words are left out."""
    found = []
    for match in _WORD.finditer(text.lower()):
        word = match.group().replace("’", "'").removesuffix("'s")
        if word not in _COMMON and (len(word) > 2 or word.isdigit()):
            found.append(_stem(word))
    return found


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ied", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending) + ("y" if ending in ("ies", "ied") else "")
    return word.removesuffix("e") if len(word) > 4 else word


def share(of: Sequence[str], within: Sequence[str]) -> float:
    """The share of the words `of` that stand in `within`, in [0, 1]; 0 for none."""
    own = set(of)
    return len(own & set(within)) / len(own) if own else 0.0


def alike(first: Sequence[str], second: Sequence[str]) -> float:
    """Words in both by words in either (Jaccard), in [0, 1]."""
    one, two = set(first), set(second)
    return len(one & two) / len(one | two) if one | two else 0.0


def longest_run(first: Sequence[str], second: Sequence[str]) -> int:
    """The most words that stand in both in the same order without a gap."""
    best, row = 0, [0] * (len(second) + 1)
    for one in first:
        fresh = [0] * (len(second) + 1)
        for place, two in enumerate(second):
            if one == two:
                fresh[place + 1] = row[place] + 1
                best = max(best, fresh[place + 1])
        row = fresh
    return best


_BEGINNING = 6
"""Letters that make two longer words the same: Schwangerschaft and schwanger, divorcio and divorciada."""


class Rarity:
    """How much a word tells, by how few of the texts hold it: from 0.2 (all of them) up to log(n)."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        told = [set(one) for one in texts]
        self._texts = len(told)
        self._holding = Counter(word for one in told for word in one)

    def weight(self, word: str) -> float:
        return max(0.2, log((self._texts + 2) / (self._holding[word] + 1)))

    def share(self, of: Sequence[str], within: Sequence[str]) -> float:
        """As `share`, a rare word counting for more; in [0, 1]."""
        own, there = set(of), set(within)
        whole = sum(map(self.weight, own))
        begun = {one[:_BEGINNING] for one in there if len(one) >= _BEGINNING}
        both = (
            word for word in own if word in there or (len(word) >= _BEGINNING and word[:_BEGINNING] in begun)
        )
        return sum(map(self.weight, both)) / whole if whole else 0.0
