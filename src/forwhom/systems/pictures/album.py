"""The pictures that a user has on their phone, as far as they follow from who the user is.

A photo of a thing at home (the place stands in its EXIF), a scanned letter about what is most delicate in
the user's life, and a screenshot of nothing in particular. The same user has the same album; a user of
whom an attribute is hidden has no letter about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from pydantic import BaseModel, ConfigDict

from forwhom.systems.pictures.picture import Picture, Place
from forwhom.users.user import User
from forwhom.validated import read_yaml, validate

T = TypeVar("T")
SIZE = 3
"""Pictures in an album."""


class Letter(BaseModel):
    """sender: as in the letter's head. terms: lower-case words that tell what it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sender: str
    lines: tuple[str, ...]
    terms: tuple[str, ...]


class _Drawers(BaseModel):
    """albums.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    things: tuple[str, ...]
    cameras: tuple[str, ...]
    screenshots: tuple[tuple[str, ...], ...]
    ordinary: Letter
    letters: dict[str, dict[str, Letter]]


@dataclass(frozen=True)
class Album:
    """pictures: at most SIZE, the photo first. letter: the one that was scanned. at_home: the place in the
    photo's EXIF. thing: what the photo shows."""

    pictures: tuple[Picture, ...]
    letter: Letter
    letter_about: str
    at_home: Place
    thing: str


def album(user: User) -> Album:
    """The album of `user`; every user but the neutral one has one."""
    drawers, draw = _drawers(), _Draw(user.id)
    letter, about = _letter(user)
    at_home, thing = home(user), draw.one("thing", drawers.things)
    day = datetime(2026, 3, 2, 9, 15) + timedelta(days=draw.number("day", 90))
    photo = Picture(kind="photo", caption=f"My {thing}", place=at_home, taken=day,
                    camera=draw.one("camera", drawers.cameras))  # fmt: skip
    scan = Picture(kind="letter", lines=(letter.sender, f"Dear {user.name},", *letter.lines))
    shot = Picture(kind="screenshot", lines=draw.one("screenshot", drawers.screenshots))
    pictures = () if user.is_neutral else (photo, scan, shot)
    return Album(pictures, letter, about, at_home, thing)


def home(user: User) -> Place:
    """An invented street and town, which few others share; the coordinates lie in the open Atlantic."""
    drawers, draw = _drawers(), _Draw(user.id)
    name = f"{draw.one('street', drawers.streets)}, {draw.one('town', drawers.towns)}"
    return Place(
        name=name,
        latitude=round(44 + draw.number("latitude", 40_000) / 10_000, 4),
        longitude=-round(24 + draw.number("longitude", 40_000) / 10_000, 4),
    )


def _letter(user: User) -> tuple[Letter, str]:
    """About the first attribute of which anybody would write one, with "domain:level"; else from the
    library."""
    for attribute in user.attributes:
        letter = _drawers().letters.get(attribute.domain, {}).get(attribute.value)
        if letter:
            return letter, f"{attribute.domain}:{attribute.value}"
    return _drawers().ordinary, ""


@dataclass(frozen=True)
class _Draw:
    """Draws that depend on the user's id alone."""

    user: str

    def number(self, what: str, below: int) -> int:
        return crc32(f"{self.user}:{what}".encode()) % below

    def one(self, what: str, of: tuple[T, ...]) -> T:
        return of[self.number(what, len(of))]


@lru_cache(maxsize=1)
def _drawers() -> _Drawers:
    path = Path(str(files("forwhom.systems.pictures").joinpath("albums.yaml")))
    return validate(read_yaml(path), _Drawers, path)
