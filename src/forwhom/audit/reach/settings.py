"""A setting as OpenClaw resolves it, with the line that says so: the most specific that is written, in its
newer or older spelling, or the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from forwhom.audit.finding import Place
from forwhom.audit.quoting import quoted
from forwhom.audit.reading.config import Config

Path = tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """name: dotted, as it would be written. place: of its line, or of the nearest that it would lie in."""

    name: str
    value: Any
    place: Place
    is_default: bool

    def __str__(self) -> str:
        told = f"{quoted(self.name)}: {_shown(self.value)}"
        return f"{told} (default)" if self.is_default else told


def value_at(config: Config, path: Path) -> Any:
    """None where it is missing; lists are entered by number."""
    found: Any = config.values
    for key in path:
        if isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, dict):
            found = found.get(key)
        else:
            return None
    return found


def first_set(config: Config, paths: Iterable[Path], default: Any) -> Setting:
    """The first of `paths` that is written; else `default`, under the name of the last one."""
    last: Path = ()
    for path in paths:
        found = value_at(config, path)
        if found is not None:
            return Setting(".".join(path), found, config.place(*path), is_default=False)
        last = path
    return Setting(".".join(last), default, config.place(*last), is_default=True)


def agent_paths(config: Config, agent: str) -> tuple[Path, ...]:
    """Where an agent's settings may stand, most specific first; `agent` is the spelling of 2025."""
    listed = [
        ("agents", "list", str(number))
        for number, one in enumerate(config.items("agents", "list"))
        if isinstance(one, dict) and one.get("id") == agent
    ]
    return (("agents", "entries", agent), *listed, ("agent",), ("agents", "defaults"))


def of_agent(config: Config, agent: str, *path: str, default: Any = None) -> Setting:
    return first_set(config, [(*start, *path) for start in agent_paths(config, agent)], default)


def as_list(value: Any) -> list[str]:
    """What OpenClaw takes for a list of texts."""
    if isinstance(value, list):
        return [str(one) for one in value if isinstance(one, str | int) and not isinstance(one, bool)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def entries_at(config: Config, path: Path) -> Iterator[tuple[str, Place]]:
    """The texts of a list, each with its line."""
    for number, one in enumerate(as_list(value_at(config, path))):
        yield one.strip(), config.place(*path, str(number))


def table_at(config: Config, path: Path) -> dict[str, Any]:
    found = value_at(config, path)
    return found if isinstance(found, dict) else {}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    told = quoted(str(value))
    return told if len(told) <= 60 else f"{told[:57]}..."
