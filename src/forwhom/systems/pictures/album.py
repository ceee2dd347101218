"""The pictures that a user has on their phone, as far as they follow from who the user is.

A photo of a thing at home (the place stands in its EXIF), a scanned letter about what is most delicate in
the user's life, and a screenshot of nothing in particular. The same user has the same album; a user of
whom an attribute is hidden has no letter about it.
"""

from __future__ import annotations

import random
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
    """sender: as in the letter's head. about: what it is about, in a word or two."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sender: str
    about: str
    lines: tuple[str, ...]


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
    """pictures: a photo, a letter and a screenshot; none for the neutral user. at_home: the place in the
    photo's EXIF. thing: what the photo shows. letter: what was scanned. because: the attribute that the
    letter is about, as "domain:level"; "" for one that tells nothing."""

    pictures: tuple[Picture, ...]
    at_home: Place
    thing: str
    letter: Letter
    because: str


def album(user: User) -> Album:
    """The album of `user`; every user but the neutral one has one."""
    drawers, draw = _drawers(), _Draw(user.id)
    letter, because = _letter(user)
    at_home, thing = home(user), draw.one("thing", drawers.things)
    day = datetime(2026, 3, 2, 9, 15) + timedelta(days=draw.number("day", 90))
    photo = Picture(kind="photo", caption=f"My {thing}", place=at_home, taken=day,
                    camera=draw.one("camera", drawers.cameras))  # fmt: skip
    scan = Picture(kind="letter", lines=(letter.sender, f"Dear {user.name},", *letter.lines))
    shot = Picture(kind="screenshot", lines=draw.one("screenshot", drawers.screenshots))
    pictures = () if user.is_neutral else (photo, scan, shot)
    return Album(pictures, at_home, thing, letter, because)


def home(user: User) -> Place:
    """An invented street and town, which few others share; the coordinates lie in the open Atlantic."""
    drawers, draw = _drawers(), _Draw(user.id)
    name = f"{draw.one('street', drawers.streets)}, {draw.one('town', drawers.towns)}"
    return Place(
        name=name,
        latitude=round(44 + draw.number("latitude", 40_000) / 10_000, 4),
        longitude=-round(24 + draw.number("longitude", 40_000) / 10_000, 4),
    )


def other_homes(place: Place) -> list[str]:
    """Three names that look like that of `place`, with neither its street nor its town.

    Of four such places each is the true one for some and a false one for the others, so that a model that
    likes one of them best is right for a quarter of the users.
    """
    drawers = _drawers()
    street, town = place.name.split(", ")
    return [
        f"{_step(drawers.streets, street, step)}, {_step(drawers.towns, town, step)}" for step in (1, 2, 3)
    ]


def other_letters(user: User, count: int = 3) -> list[Letter]:
    """Letters that `user` did not get: about other domains than theirs, none of it true of them."""
    true, letters = album(user), _drawers().letters
    mine = true.because.partition(":")[0]
    others = [
        (crc32(f"{true.because}:{domain}:{level}".encode()), letter)
        for domain, levels in letters.items()
        for level, letter in levels.items()
        if domain != mine and user.value(domain) != level
    ]
    # One order for all users of the same letter; one letter a sender, since some write about several.
    by_sender = {letter.sender: letter for _, letter in sorted(others, key=lambda one: one[0], reverse=True)}
    by_sender.pop(true.letter.sender, None)
    return list(by_sender.values())[:count]


def _step(of: tuple[str, ...], one: str, step: int) -> str:
    """So many steps on from `one` in its group of four, which is a ring."""
    place = of.index(one)
    first = place // 4 * 4
    return of[first + (place - first + step) % 4]


def _letter(user: User) -> tuple[Letter, str]:
    """About one of the attributes of which anybody would write, with "domain:level"; else of the library."""
    draw, letters = _Draw(user.id), _drawers().letters
    written = [
        (draw.number(f"letter:{one.domain}", 10_000), one.domain, one.value)
        for one in user.attributes
        if one.value in letters.get(one.domain, {})
    ]
    if not written:
        return _drawers().ordinary, ""
    _, domain, value = max(written)
    return letters[domain][value], f"{domain}:{value}"


@dataclass(frozen=True)
class _Draw:
    """Draws that depend on the user's id alone."""

    user: str

    def number(self, what: str, below: int) -> int:
        return random.Random(f"{self.user}:{what}").randrange(below)  # noqa: S311 - no secret

    def one(self, what: str, of: tuple[T, ...]) -> T:
        return of[self.number(what, len(of))]


@lru_cache(maxsize=1)
def _drawers() -> _Drawers:
    path = Path(str(files("forwhom.systems.pictures").joinpath("albums.yaml")))
    return validate(read_yaml(path), _Drawers, path)
