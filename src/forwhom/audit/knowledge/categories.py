"""The kinds of facts about people, and the words by which a text tells them (categories.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal

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
    """Longer ones first, so that what is found is the most exact word; a term between / is a pattern."""
    told = []
    for term in sorted(terms, key=len, reverse=True):
        if term.startswith("/"):
            told.append(term.strip("/"))
            continue
        core = re.escape(term).replace(r"\ \*\ ", r"\ \w+\ ").replace(r"\ ", r"\s+")
        told.append(core.removesuffix(r"\*") + (r"\w*" if term.endswith("*") else ""))
    return re.compile(rf"(?<!\w)(?:{'|'.join(told)})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def categories() -> dict[str, Category]:
    """By name, the sensitive first."""
    text = files("forwhom.audit.knowledge").joinpath("categories.yaml").read_text(encoding="utf-8")
    entries = YAML(typ="safe").load(text)
    found = [Category.model_validate(one) for one in entries]
    return {one.category: one for one in found}
