"""What can be read from the bytes of an image file: its EXIF, and the text in it by OCR.

The text is read by RapidOCR (PP-OCR models inside its package; nothing is fetched) and kept in the cache
by the hash of the file, since a picture takes about a second. Chat-template markers and control
characters are taken out: a picture must not be able to end the turn that it stands in.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from forwhom.errors import InputError
from forwhom.systems.models.made_once import made_once
from forwhom.systems.models.weights import cache_folder
from forwhom.systems.pictures.exif import Metadata, read_exif
from forwhom.systems.pictures.installed import require
from forwhom.users.representations import without_markers

_MOST_BYTES, _MOST_PIXELS = 8_000_000, 8_000_000
_FORMATS = ("JPEG", "PNG")
_reading = threading.Lock()  # one engine, one picture at a time


@dataclass(frozen=True)
class Reading:
    """What was read. lines: the text in the picture, from top to bottom."""

    lines: tuple[str, ...]
    metadata: Metadata


@lru_cache(maxsize=512)
def read(file: bytes, *, text: bool = True) -> Reading:
    """The text (empty where it is not asked for) and the metadata of an image file.

    Raises InputError for what is no JPEG or PNG, is broken or is too large.
    """
    image = _opened(file)
    return Reading(_text(file, image) if text else (), read_exif(image))


def stripped(file: bytes) -> bytes:
    """The same image without anything beside its pixels."""
    image = _opened(file)
    clean = image.copy()
    clean.info = {}
    kept = BytesIO()
    clean.save(kept, format=image.format, quality=92)  # a PNG has no quality: it loses nothing
    return kept.getvalue()


def _opened(file: bytes) -> Any:
    require()
    from PIL import Image, UnidentifiedImageError

    if len(file) > _MOST_BYTES:
        raise InputError(f"A picture of {len(file):,} bytes; at most {_MOST_BYTES:,} are read.")
    try:
        image = Image.open(BytesIO(file), formats=_FORMATS)
        # The size stands in the header: nothing is unpacked before this.
        if image.width * image.height > _MOST_PIXELS:
            raise InputError(f"A picture of {image.width} x {image.height}; at most {_MOST_PIXELS:,} pixels.")
        image.load()
    except UnidentifiedImageError:
        raise InputError("A picture is neither JPEG nor PNG.") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"A picture is too large: {error}") from None
    except (OSError, SyntaxError, ValueError) as error:  # all three are raised by Pillow for broken files
        raise InputError(f"A picture is broken or not whole: {error}") from None
    return image


def _text(file: bytes, image: Any) -> tuple[str, ...]:
    key = hashlib.sha256(f"{version('rapidocr')}:".encode() + file).hexdigest()[:32]

    def make(folder: Path) -> None:
        lines = _by_ocr(image)
        (folder / "lines.json").write_text(json.dumps(lines), encoding="utf-8")

    with _reading:
        folder = made_once(cache_folder() / "pictures" / key, make)
    lines: list[str] = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
    return tuple(clean for line in lines if (clean := without_markers(line).strip()))


def _by_ocr(image: Any) -> list[str]:
    import numpy as np

    # An edge or a corner is at times taken for one sign; it is no text.
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]  # it expects blue first
    found = _engine()(pixels, use_cls=False)
    return [str(line) for line in found.txts or () if sum(map(str.isalnum, line)) > 1]


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    # "max": smaller pictures are not enlarged, which would take three times as long.
    return RapidOCR(params={"Global.log_level": "critical", "Det.limit_type": "max"})
