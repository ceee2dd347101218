"""JSON of a completion read and written as the objects of a client are, so that one judgement serves both."""

from __future__ import annotations

from typing import Any


class Fields:
    """A dictionary whose keys are attributes; one that is not there is no attribute. Writes go through."""

    def __init__(self, held: dict[str, Any]) -> None:
        object.__setattr__(self, "held", held)

    def __getattr__(self, name: str) -> Any:
        held = object.__getattribute__(self, "held")
        if name not in held:
            raise AttributeError(name)
        return _seen(held[name])

    def __setattr__(self, name: str, value: Any) -> None:
        self.held[name] = _plain(value)


def _seen(value: Any) -> Any:
    if isinstance(value, dict):
        return Fields(value)
    return [_seen(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Fields):
        return value.held
    return [_plain(one) for one in value] if isinstance(value, list) else value
