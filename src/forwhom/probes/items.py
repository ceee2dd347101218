"""Read a probe's items: YAML beside the probe, validated on load."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from forwhom.errors import InputError
from forwhom.validated import read_yaml, validate


class Item(BaseModel):
    """What every item has: an id that is unique in its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str


def base_and_kind(item: str) -> tuple[str, str]:
    """The id of the item itself, and which variant of it is asked: "ab01-quoted-control" has the kind
    "quoted-control", "ab01" the kind ""."""
    base, _, kind = item.partition("-")
    return base, kind


T = TypeVar("T", bound=Item)


@lru_cache(maxsize=32)
def load_items(filename: str, schema: type[T], package: str = "forwhom.probes") -> dict[str, T]:
    """The items of a package's file by id, in their order; raises InputError with the line of a bad one."""
    path = Path(str(files(package).joinpath(filename)))
    items: dict[str, T] = {}
    for entry in read_yaml(path):
        item = validate(entry, schema, path)
        if item.id in items:
            raise InputError(f"{path}: two items are called '{item.id}'.")
        items[item.id] = item
    return items
