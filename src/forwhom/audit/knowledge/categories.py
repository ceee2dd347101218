"""The kinds of facts about people, and the words by which a text tells them (categories.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML


class Category(BaseModel):
    """sensitivity: special is what the law names as such. law: the article, or "". See categories.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    category: str
    label: str
    sensitivity: Literal["special", "personal", "low"]
    law: str = ""
    terms: tuple[str, ...]
    exceptions: tuple[str, ...] = Field((), alias="not")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _words(self.terms)

    @cached_property
    def _exceptions(self) -> re.Pattern[str] | None:
        return _words(self.exceptions) if self.exceptions else None

    def find(self, text: str) -> re.Match[str] | None:
        """Where `text` first tells something of this kind; None where it does not."""
        return next(self.find_all(text), None)

    def find_all(self, text: str) -> Iterator[re.Match[str]]:
        blank = text
        if self._exceptions:
            blank = self._exceptions.sub(lambda found: " " * len(found.group()), text)
        return self._pattern.finditer(blank)


def _words(terms: tuple[str, ...]) -> re.Pattern[str]:
    """A term between / is a pattern. Others are grouped by their first letter, which makes a search fast; the
    longer ones first, so that what is found is the most exact word."""
    patterns = [term[1:-1] for term in terms if term.startswith("/")]
    groups: dict[str, list[str]] = {}
    for term in sorted((one for one in terms if not one.startswith("/")), key=len, reverse=True):
        core = re.escape(term).replace(r"\ \*\ ", r"\ \w+\ ").replace(r"\*", r"\w*").replace(r"\ ", r"\s+")
        told = re.sub("['’]", "['’]", core)
        groups.setdefault(told[0], []).append(told)
    plain = [
        f"{first}(?:{'|'.join(one[1:] for one in group)})"
        for first, group in groups.items()
        if first.isalnum()
    ]
    plain += [one for first, group in groups.items() if not first.isalnum() for one in group]
    return re.compile(rf"(?<!\w)(?:{'|'.join([*patterns, *plain])})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def categories() -> dict[str, Category]:
    """By name, the sensitive first; with the words of every language in terms/."""
    folder = files("forwhom.audit.knowledge")
    entries = _yaml(folder.joinpath("categories.yaml"))
    more = [_yaml(one) for one in folder.joinpath("terms").iterdir() if one.name.endswith(".yaml")]
    found = [Category.model_validate(_widened(one, more)) for one in entries]
    return {one.category: one for one in found}


def _widened(entry: dict[str, Any], more: list[dict[str, dict[str, list[str]]]]) -> dict[str, Any]:
    told = [entry, *(one[entry["category"]] for one in more if entry["category"] in one)]
    return {
        **entry,
        **{key: sorted({term for one in told for term in one.get(key, [])}) for key in ("terms", "not")},
    }


def _yaml(file: Traversable) -> Any:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))
