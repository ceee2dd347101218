"""Phrases as they are written in phrases/*.yaml, and as the patterns that find them.

In a phrase: a word that ends in * is the beginning of words; <name> is any of the list of that name under
`sets`; ... is a gap inside of a sentence; [a|b] may be missing; what stands between / is a pattern.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

_GAP = r"[^.;!?\n]{0,60}?"
_SET = re.compile(r"<([a-z_]+)>")
_MAYBE = re.compile(r"\[([^\]]+)\] ")


@lru_cache(maxsize=64)
def phrases(file: str, name: str) -> re.Pattern[str]:
    """What finds any phrase of the list `name` in `file`, in any case."""
    data = _data(file)
    return _compiled(tuple(data[name]), file)


@lru_cache(maxsize=8)
def phrase_groups(file: str, name: str) -> dict[str, re.Pattern[str]]:
    """As phrases, for a table of lists."""
    return {key: _compiled(tuple(told), file) for key, told in _data(file)[name].items()}


@lru_cache(maxsize=16)
def _data(file: str) -> dict[str, Any]:
    text = files("forwhom.audit.knowledge").joinpath("phrases", f"{file}.yaml").read_text("utf-8")
    told: dict[str, Any] = YAML(typ="safe").load(text)
    return told


def _compiled(told: tuple[str, ...], file: str) -> re.Pattern[str]:
    sets = {key: _any(tuple(one), {}) for key, one in _data(file).get("sets", {}).items()}
    return re.compile(_any(told, sets), re.IGNORECASE)


def _any(told: tuple[str, ...], sets: dict[str, str]) -> str:
    patterns = [_in_sets(one[1:-1], sets) for one in told if one.startswith("/")]
    plain = sorted((one for one in told if not one.startswith("/")), key=len, reverse=True)
    words = [_as_pattern(one, sets) for one in plain]
    return "(?:" + "|".join([*patterns, *([rf"(?<!\w)(?:{'|'.join(words)})(?!\w)"] if words else [])]) + ")"


def _as_pattern(phrase: str, sets: dict[str, str]) -> str:
    parts = re.split(r"(<[a-z_]+>|\[[^\]]+\] |\s*\.\.\.\s*|\*|['’]|\s+)", phrase)
    return "".join(_part(one, sets) for one in parts if one)


def _part(part: str, sets: dict[str, str]) -> str:
    if _SET.fullmatch(part):
        return _in_sets(part, sets)
    if maybe := _MAYBE.fullmatch(part):
        return rf"(?:(?:{'|'.join(_as_pattern(one, sets) for one in maybe.group(1).split('|'))})\s+)?"
    if part.strip() == "...":
        return _GAP
    if part.isspace():
        return r"[\s,]+"
    return {"*": r"\w*", "'": "['’]", "’": "['’]"}.get(part, re.escape(part))


def _in_sets(pattern: str, sets: dict[str, str]) -> str:
    return _SET.sub(lambda found: sets.get(found.group(1), found.group()), pattern)
