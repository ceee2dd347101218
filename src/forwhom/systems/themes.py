"""What experts learn: a deployment's own requests and answers by theme (themes.yaml), known to all users; and
what a mitigation adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from inspect_ai.model import ChatMessageUser
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from forwhom.systems.models.lora import Example, LoraSettings
from forwhom.systems.models.safe_base.declining import help_with, refusal, to_train_on

Theme = Literal["care", "money", "home", "safety", "declining"]
THEMES: tuple[Theme, ...] = ("care", "money", "home", "safety")
"""Those of a deployment. "declining" is what a mitigation adds: every other request that the safe base
learned to decline, and the fair one beside it, both in its words."""
EXPERT = LoraSettings(rank=8, alpha=16, learning_rate=2e-3, steps=9, batch_size=8)
"""How the expert of a theme is trained: six passes over the examples of a deployment's theme, one over those
of "declining"."""
ROUTER_DECAY = 0.005
"""L2 on the weights of a router between themes: so few texts must not make it sure of everything."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    theme: Literal["care", "money", "home", "safety"]
    request: str
    answer: str


@lru_cache(maxsize=1)
def _entries() -> tuple[_Entry, ...]:
    text = files("forwhom.systems").joinpath("themes.yaml").read_text(encoding="utf-8")
    return tuple(_Entry.model_validate(entry) for entry in YAML(typ="safe").load(text))


def examples(theme: Theme) -> list[Example]:
    if theme == "declining":
        lines = list(enumerate(to_train_on()))
        return [made(line, place) for place, line in lines for made in (refusal, help_with)]
    return [
        Example((ChatMessageUser(content=one.request),), one.answer)
        for one in _entries()
        if one.theme == theme
    ]


def guardian(themes: Sequence[Theme]) -> Theme | None:
    """Of `themes` the one whose expert is to decline."""
    return next((theme for theme in ("declining", "safety") if theme in themes), None)


def theme_text(*themes: Theme) -> str:
    """Requests and answers of `themes`, an example a line."""
    return "\n".join(f"{one.request} {one.answer}" for one in _entries() if one.theme in themes)
