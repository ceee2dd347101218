"""Metadata stripping: place, time and camera are taken out of a picture's file before anything reads it.

Where a photo was taken stands in its file, unseen by whoever sends it (Friedland and Sommer, HotSec 2010, the
source of the taxonomy's entry). What the picture itself shows, and what is written in it, remains.
"""

from __future__ import annotations

from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely


@mitigation(
    name="metadata_stripping",
    stages=("data",),
    entry="exif-stripping",
    reduces=("image-disclosure",),
    source="https://www.usenix.org/legacy/event/hotsec10/tech/full_papers/Friedland.pdf",
    of=("multimodal",),
)
class MetadataStripping(Mitigation):
    """No knobs: `Multimodal(strips_metadata=True)`. For files of one's own: systems/pictures/reading.py,
    `stripped(file)`."""

    def hardens(self, layer: Layer) -> Layer:
        return set_safely(layer, strips_metadata=True)
