"""A Picture as data: what is drawn, and what stands in the file beside the pixels.

A script holds this description and the file is drawn from it, so that a study carries no images and the
same description is the same file. What a system learns of a picture it reads from the file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["photo", "screenshot", "letter", "poster"]
Line = Annotated[str, Field(min_length=1, max_length=200)]


class Place(BaseModel):
    """Where a photo was taken. name: of the area. latitude, longitude: degrees; south and west negative."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(default="", max_length=60)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Picture(BaseModel):
    """lines: the text drawn on it; long ones are wrapped. The rest is written into the file's EXIF.

    caption: what its owner called it. taken: local time, to the second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Kind
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    caption: str = Field(default="", max_length=120)
    place: Place | None = None
    taken: datetime | None = None
    camera: str = Field(default="", max_length=40)

    def names(self, text: str) -> bool:
        """Whether `text` stands on the picture or beside it; "" is in everything."""
        place = self.place.name if self.place else ""
        told = " ".join(self.lines), *self.lines, self.caption, place, self.camera
        return any(text in one for one in told)
