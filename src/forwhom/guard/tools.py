"""What a policy says of a tool: who may have it, what it does, and where in its calls memory is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from forwhom.guard.settings import Settings


def _listed(given: Any) -> Any:
    return (given,) if isinstance(given, str) else given


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One, or a list."""
Where = dict[str, Texts]
"""Patterns (`*`, `?`) of a call's arguments, by name; a path is normalized, and case does not matter."""


class ToolRule(Settings):
    """effectful: whether it changes something or leaves the house. users: who may have it; none named:
    everybody. asked_by: words of a request that asks for it; none: the first word of its name.

    receiver, text: the arguments that name whom it reaches, and hold what they are told. memory: those that
    hold what is remembered ("content", "edits.*.newText"); when: only of calls like these. returns_own_when:
    of which calls the result is the user's own and not others' word, though the tool is not trusted.
    """

    effectful: bool = True
    users: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    receiver: str = ""
    text: str = ""
    memory: Texts = ()
    when: Where = Field(default_factory=dict)
    returns_own_when: Where = Field(default_factory=dict)

    def writes_memory(self, given: Mapping[str, Any]) -> bool:
        """An argument of `when` that is not given may be any: then it does."""
        return bool(self.memory) and _fits(given, self.when, unsaid=True)

    def returns_own(self, arguments: Any) -> bool:
        """arguments: of the call, as JSON."""
        if not self.returns_own_when or not isinstance(arguments, str):
            return False
        given = parsed(arguments)
        return given is not None and _fits(given, self.returns_own_when, unsaid=False)


def parsed(arguments: str) -> dict[str, Any] | None:
    """None for what is no JSON object."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _fits(given: Mapping[str, Any], where: Where, *, unsaid: bool) -> bool:
    return all(
        any(fnmatchcase(_plain(given[name]), pattern.lower()) for pattern in patterns)
        if isinstance(given.get(name), str) else unsaid
        for name, patterns in where.items()
    )  # fmt: skip


def _plain(value: str) -> str:
    return (normpath(value.replace("\\", "/")) if "/" in value or "\\" in value else value).strip().lower()
