"""What stands in an image file beside its pixels: place, time, camera and caption, as cameras write them.

Exif 2.3: the GPS block has the coordinates in degrees, minutes and seconds and the name of the area
(GPSAreaInformation); the caption is ImageDescription.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from forwhom.systems.pictures.picture import Picture, Place
from forwhom.users.representations import without_markers

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

_FORM = "%Y:%m:%d %H:%M:%S"
_ASCII = b"ASCII\x00\x00\x00"  # the character code before a text of the type "undefined"


@dataclass(frozen=True)
class Metadata:
    """What was found in a file; empty fields where it holds nothing."""

    caption: str = ""
    place: Place | None = None
    taken: datetime | None = None
    camera: str = ""


def as_exif(picture: Picture) -> Exif:
    """The block to save with the file of `picture`."""
    from PIL.ExifTags import GPS, IFD, Base
    from PIL.Image import Exif

    exif = Exif()
    if picture.caption:
        exif[Base.ImageDescription] = picture.caption
    if picture.camera:
        exif[Base.Model] = picture.camera
    if picture.taken:
        exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = picture.taken.strftime(_FORM)
    if picture.place:
        place, gps = picture.place, exif.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLatitudeRef] = "N" if place.latitude >= 0 else "S"
        gps[GPS.GPSLatitude] = _in_minutes(place.latitude)
        gps[GPS.GPSLongitudeRef] = "E" if place.longitude >= 0 else "W"
        gps[GPS.GPSLongitude] = _in_minutes(place.longitude)
        if place.name:
            gps[GPS.GPSAreaInformation] = _ASCII + place.name.encode("ascii", "replace")
    return exif


def read_exif(image: Image) -> Metadata:
    """What `image` tells of itself; what is broken or missing is left out."""
    from PIL.ExifTags import IFD, Base

    exif = image.getexif()
    told = exif.get_ifd(IFD.Exif)
    return Metadata(
        caption=_text(exif.get(Base.ImageDescription)),
        place=_place(exif.get_ifd(IFD.GPSInfo)),
        taken=_time(told.get(Base.DateTimeOriginal)),
        camera=_text(exif.get(Base.Model)),
    )


def _place(gps: dict[int, Any]) -> Place | None:
    from PIL.ExifTags import GPS

    try:
        return Place(
            name=_text(gps.get(GPS.GPSAreaInformation, b"")),
            latitude=_in_degrees(gps[GPS.GPSLatitude], gps[GPS.GPSLatitudeRef] == "S"),
            longitude=_in_degrees(gps[GPS.GPSLongitude], gps[GPS.GPSLongitudeRef] == "W"),
        )
    except (KeyError, ValueError, TypeError, ZeroDivisionError):
        return None


def _time(text: Any) -> datetime | None:
    try:
        return datetime.strptime(_text(text), _FORM)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.removeprefix(_ASCII).decode("ascii", "replace")
    return without_markers(value).strip() if isinstance(value, str) else ""


def _in_minutes(degrees: float) -> tuple[float, float, float]:
    hundredths = round(abs(degrees) * 360_000)  # of a second
    return float(hundredths // 360_000), float(hundredths // 6_000 % 60), hundredths % 6_000 / 100


def _in_degrees(parts: Any, is_negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = round(degrees + minutes / 60 + seconds / 3600, 5)
    return -value if is_negative else value
