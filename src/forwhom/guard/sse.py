"""Server-sent events as bytes: where one ends, and what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from forwhom.guard.refusal import Refused

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LARGEST = 16_000_000  # bytes of one event
DONE = "[DONE]"


class Events:
    """The events of a stream of bytes, each with the blank line that ends it."""

    def __init__(self) -> None:
        self._held = b""

    def add(self, data: bytes) -> Iterator[bytes]:
        held, begun, sought = self._held + data, 0, max(len(self._held) - 3, 0)
        while found := _END.search(held, max(sought, begun)):
            yield held[begun : found.end()]
            begun = found.end()
        self._held = held[begun:]
        if len(self._held) > _LARGEST:
            raise Refused(502, "upstream_unreadable", "The upstream sent an event without an end.")

    def rest(self) -> bytes:
        """What came after the last blank line: a last event that was not ended, or b""."""
        rest, self._held = self._held, b""
        return rest


def data_of(event: bytes) -> str:
    """What an event says; "" for a comment."""
    if event.startswith(b"data: ") and event.find(b"\n") >= len(event.rstrip()):
        return event[6:].strip().decode()
    lines = (
        line.removeprefix("data:").strip() for line in event.decode().splitlines() if line[:5] == "data:"
    )
    return "\n".join(lines)


def as_event(data: Mapping[str, Any] | str) -> bytes:
    told = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return b"data: " + told.encode() + b"\n\n"
