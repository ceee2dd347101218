"""A Picture drawn as the bytes of a file: photos as JPEG, all else as PNG, both with EXIF.

The same Picture is the same bytes, whoever draws it (with one version of Pillow). Photos are scenes of
simple shapes; what is written on things in them stands on white labels.
"""

from __future__ import annotations

import random
from functools import lru_cache
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING
from zlib import crc32

from forwhom.systems.pictures.exif import as_exif
from forwhom.systems.pictures.installed import require
from forwhom.systems.pictures.picture import Picture

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

_WIDTH, _HEIGHT, _MARGIN = 720, 480, 36
_LETTERS = {"photo": 46, "screenshot": 52, "letter": 52, "poster": 34}  # to a line
_SIZE = {"photo": 24, "screenshot": 22, "letter": 22, "poster": 32}  # of the type, in pixels
_PAPER = {"screenshot": "#ffffff", "letter": "#f6f2e7", "poster": "#ffe08a"}
_INK = "#1b1b1b"


@lru_cache(maxsize=512)
def draw(picture: Picture) -> bytes:
    """The file of `picture`; raises InputError where the extra `images` is missing."""
    require()
    from PIL import ImageFont

    font = ImageFont.load_default(_SIZE[picture.kind])
    lines = [part for line in picture.lines for part in wrap(line, _LETTERS[picture.kind])]
    step = 2 * _SIZE[picture.kind]
    size = _WIDTH, max(_HEIGHT, 2 * _MARGIN + step * (len(lines) + 1))
    if picture.kind == "photo":
        image = _scene(picture, size)
        _labels(image, lines, font, step)
    else:
        image = _page(picture, lines, font, step, size)
    file = BytesIO()
    form = {"format": "JPEG", "quality": 92} if picture.kind == "photo" else {"format": "PNG"}
    image.save(file, exif=as_exif(picture), **form)
    return file.getvalue()


def _page(picture: Picture, lines: list[str], font: FreeTypeFont, step: int, size: tuple[int, int]) -> Image:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", size, _PAPER[picture.kind])
    pen: ImageDraw.ImageDraw = ImageDraw.Draw(image)
    if picture.kind == "screenshot":
        pen.rectangle((0, 0, size[0], 24), fill="#3b4a63")
    elif picture.kind == "poster":
        pen.rectangle((8, 8, size[0] - 9, size[1] - 9), outline="#a33b20", width=6)
    for place, line in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + place * step), line, font=font, fill=_INK)
    return image


def _scene(picture: Picture, size: tuple[int, int]) -> Image:
    from PIL import Image, ImageDraw

    chance = random.Random(crc32(picture.model_dump_json().encode()))  # noqa: S311 - a drawing, no secret
    image = Image.new("RGB", size, _colour(chance, 150))
    pen: ImageDraw.ImageDraw = ImageDraw.Draw(image)
    floor = size[1] * 2 // 3
    pen.rectangle((0, floor, *size), fill=_colour(chance, 90))
    for _ in range(5):
        left, wide, high = chance.randrange(size[0]), chance.randrange(60, 180), chance.randrange(40, 200)
        pen.rectangle((left, floor - high, left + wide, floor + 30), fill=_colour(chance, 60))
    return image


def _labels(image: Image, lines: list[str], font: FreeTypeFont, step: int) -> None:
    from PIL import ImageDraw

    pen: ImageDraw.ImageDraw = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        corner = _MARGIN, _MARGIN + place * step
        left, top, right, bottom = pen.textbbox(corner, line, font=font)
        pen.rectangle((left - 10, top - 8, right + 10, bottom + 8), fill="#ffffff")
        pen.text(corner, line, font=font, fill=_INK)


def _colour(chance: random.Random, least: int) -> tuple[int, int, int]:
    red, green, blue = (least + chance.randrange(100) for _ in range(3))
    return red, green, blue
