"""Which facts of a person have a bearing on a request: a small map that anybody can read, and nearness.

What a request needs depends on the request and not on the person (contextual integrity: a fact that is right
to use in one setting is not in another). The map (topics.yaml) holds what nearness in words misses: that a
question about a snack is one about allergies. What is written for others needs none of it. Limit: a request
that names no topic, and is near to none, has none; and the words are English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from forwhom.systems.memory_store import embed
from forwhom.validated import read_yaml, validate

_NEAR = 0.3
"""The cosine from which a request is about the topic of a typical one."""
_FOR_OTHERS = re.compile(
    r"^\W*(?:please )?(?:introduce me|describe me|tell (?:my|the|our)\b|(?:write|draft|compose)\b.*\b(?:note|"
    r"message|letter|e?-?mail|post|lines?|card|reply|toast|speech|review|invitation|caption|greeting|profile|badge|tag|"
    r"advertisement|sentences?|application|biography|bio)\b)"
)


class Topic(BaseModel):
    """One topic; see topics.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    topic: str
    about: tuple[str, ...]
    words: tuple[str, ...]
    domains: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether `text` holds one of its words."""
        return bool(_pattern(self.words).search(text.lower()))


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    path = Path(str(files("forwhom.mitigations").joinpath("topics.yaml")))
    return tuple(validate(entry, Topic, path) for entry in read_yaml(path))


@lru_cache(maxsize=4096)
def topics_of(text: str) -> frozenset[str]:
    """The names of the topics of which `text` holds a word."""
    return frozenset(one.topic for one in topics() if one.is_in(text))


def is_for_others(request: str) -> bool:
    """Whether what is asked for is a text that others are to read."""
    return bool(_FOR_OTHERS.search(request.lower()))


@lru_cache(maxsize=4096)
def domains_for(request: str) -> frozenset[str]:
    """The domains of users/attributes.yaml that may have a bearing on `request`: those of the topics that its
    words name, and of those whose typical requests are near to it; none for a text that others read."""
    if is_for_others(request):
        return frozenset()
    named = topics_of(request)
    return frozenset(
        domain
        for one in topics() if one.topic in named or max(nearness(request, one.about)) >= _NEAR
        for domain in one.domains
    )  # fmt: skip


def nearness(request: str, texts: Sequence[str]) -> list[float]:
    """The cosine of each text and the request, in [-1, 1]."""
    return [_cosine(request, text) for text in texts]


@lru_cache(maxsize=16384)
def _cosine(one: str, other: str) -> float:
    first, second = embed((one, other))
    return float(first @ second)


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = [re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else r"\b") for word in words]
    return re.compile(rf"\b(?:{'|'.join(parts)})")
