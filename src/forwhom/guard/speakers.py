"""Who wrote each message, where several people write to one agent and its prompts say who.

For a model all people of a channel are one user. OpenClaw writes before each message of a channel who sent
it, puts what it remembers for the agent's owner into the system prompt, and what it adds itself into messages
of its own. This is read here; where a message is a channel's and its sender cannot be read, it is nobody's.
Who writes to the agent by a way for which it says nothing (its web page, its protocol) could write such a
line themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from forwhom.openclaw import prompts

Client = Literal["openclaw"]
UNREAD = "?"
"""In place of a speaker: a message of a channel, of which it cannot be read who wrote it."""


@dataclass(frozen=True)
class Line:
    """What a person wrote. speaker: as the client names them, UNREAD, or "" for a message of no channel.
    quoted: what the client put before it, which may be others' words. internal: whether all of it is the
    client's own message."""

    speaker: str
    text: str
    quoted: str = ""
    internal: bool = False


def line(text: str, client: Client | None) -> Line:
    """A user message as its person wrote it."""
    if client is None:
        return Line("", text)
    if prompts.INTERNAL.match(text):
        return Line("", "", text, internal=True)
    said = prompts.ADDED.sub("", prompts.STAMP.sub("", text))
    found = prompts.ABOUT.match(said)
    speaker = _sender(found[1]) if found else ""
    if not found or not speaker:
        return Line(UNREAD, "", text) if prompts.UNREAD.search(said) else Line("", text)
    rest = said[found.end() :]
    while block := prompts.QUOTED.match(rest):
        rest = rest[block.end() :]
    return Line(speaker, rest, said[found.end() : len(said) - len(rest)])


def _sender(about: str) -> str:
    try:
        number = json.loads(about)["sender"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return str(number) if isinstance(number, str | int) else ""


def remembered_in(system: Iterable[str], client: Client | None) -> list[str]:
    """What of system prompts is memory of the agent's owner."""
    if client is None:
        return []
    found = [text.strip() for one in system for _, text in prompts.REMEMBERED.findall(one)]
    return [one for one in found if one]
