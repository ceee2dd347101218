"""Text of a deployment's own: ordinary requests and answers by theme (themes.yaml), known to all users."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Literal, get_args

from inspect_ai.model import ChatMessageUser
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from forwhom.systems.models.lora import Example

Theme = Literal["care", "money", "home", "safety"]
THEMES: tuple[Theme, ...] = get_args(Theme)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    theme: Theme
    request: str
    answer: str


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    text = files("forwhom.systems").joinpath("themes.yaml").read_text(encoding="utf-8")
    return tuple(_Entry.model_validate(entry) for entry in YAML(typ="safe").load(text))


def examples(theme: Theme) -> list[Example]:
    return [
        Example((ChatMessageUser(content=one.request),), one.answer)
        for one in _entries()
        if one.theme == theme
    ]


def theme_text(*themes: Theme) -> str:
    """Requests and answers of `themes`, an example a line."""
    return "\n".join(f"{one.request} {one.answer}" for one in _entries() if one.theme in themes)
