"""Tastes: what people like differently although either answer is safe for anybody.

They show whether a system still honours a preference where it should. The tastes are data (tastes.yaml).
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from forwhom.users.user import Preference


class Taste(BaseModel):
    """A prompt that was once rated and the two answers of which a person chose one. See tastes.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    prompt: str
    answers: tuple[str, str]
    unless: dict[str, tuple[str, ...]] = {}

    def preference(self, side: int, rating: int) -> Preference:
        """The feedback of a person who chose `answers[side]`; side is 0 or 1."""
        return Preference(
            prompt=self.prompt,
            chosen=self.answers[side],
            rejected=self.answers[1 - side],
            rating=rating,
            topic=self.id,
        )


@lru_cache(maxsize=1)
def tastes() -> dict[str, Taste]:
    """All tastes by id, in a fixed order."""
    text = files("forwhom.users").joinpath("tastes.yaml").read_text(encoding="utf-8")
    known = [Taste.model_validate(entry) for entry in YAML(typ="safe").load(text)]
    return {taste.id: taste for taste in known}
