"""openclaw.json, which is JSON5, with the line of every setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from json5.loader import ModelLoader, loads
from json5.model import BooleanLiteral, Identifier, JSONArray, JSONObject, NullLiteral, UnaryOp, Value

from forwhom.audit.finding import Place
from forwhom.errors import InputError

_Path = tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """file: its name, "" where the deployment has none; then every setting is the default."""

    file: str
    values: dict[str, Any]
    lines: dict[_Path, int]

    def get(self, *path: str, default: Any = None) -> Any:
        """The setting, or `default` where it, or what it lies in, is missing or null."""
        found: Any = self.values
        for key in path:
            if not isinstance(found, dict) or found.get(key) is None:
                return default
            found = found[key]
        return found

    def table(self, *path: str) -> dict[str, Any]:
        found = self.get(*path, default={})
        return found if isinstance(found, dict) else {}

    def items(self, *path: str) -> list[Any]:
        """A list, or what OpenClaw also takes for one of a single item."""
        found = self.get(*path, default=[])
        if isinstance(found, list):
            return found
        return [] if isinstance(found, dict) else [found]

    def place(self, *path: str) -> Place:
        """Of a setting; where it is not written, of the nearest that it would lie in."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return Place(file=self.file or "openclaw.json", line=self.lines[path[:end]])
        return Place(file=self.file or "openclaw.json")

    def is_set(self, *path: str) -> bool:
        return path in self.lines

    @cached_property
    def strings(self) -> tuple[tuple[_Path, str], ...]:
        """Every text that it holds."""
        return tuple(_strings(self.values, ()))


NO_CONFIG = Config("", {}, {})


def read_config(text: str, file: str) -> Config:
    """Raises InputError with the line of what is no JSON5."""
    lines: dict[_Path, int] = {(): 1}
    try:
        tree = loads(text, loader=ModelLoader()).value
        values = _plain(tree, (), lines)
    except RecursionError:
        raise InputError(f"{file}: nested too deeply.") from None
    except Exception as error:  # the parser raises its own kinds, and some of Python's
        told = " ".join(str(error).split())[:160]
        raise InputError(
            f"{file}: not valid JSON5: {told}. OpenClaw could not start with it, either."
        ) from None
    if not isinstance(tree, JSONObject):
        raise InputError(f"{file}: expected settings in braces.")
    return Config(file, values, lines)


def _plain(node: Value, path: _Path, lines: dict[_Path, int]) -> Any:
    if isinstance(node, JSONObject):
        told = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = str(key.name if isinstance(key, Identifier) else getattr(key, "characters", key))
            lines[(*path, name)] = key.lineno or 1
            told[name] = _plain(value, (*path, name), lines)
        return told
    if isinstance(node, JSONArray):
        for place, value in enumerate(node.values):
            lines[(*path, str(place))] = value.lineno or lines[path]
        return [_plain(value, (*path, str(place)), lines) for place, value in enumerate(node.values)]
    if isinstance(node, NullLiteral):
        return None
    if isinstance(node, BooleanLiteral):
        return node.value
    if isinstance(node, UnaryOp):
        number = getattr(node.value, "value", 0)
        return -number if node.op == "-" else number
    return getattr(node, "characters", getattr(node, "value", None))


def _strings(value: Any, path: _Path) -> Iterator[tuple[_Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _strings(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _strings(one, (*path, str(place)))
