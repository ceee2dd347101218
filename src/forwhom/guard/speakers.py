"""Who wrote each message, where several people write to one agent and its prompts say who.

For a model all people of a channel are one user. OpenClaw writes before each message of a channel who sent
it, puts what it remembers for the agent's owner into the system prompt, and what it adds itself into messages
of its own. This is read here. Who writes to the agent by a way for which it says nothing (its web page, its
protocol) could write such a line themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Client = Literal["openclaw"]


@dataclass(frozen=True)
class Form:
    """How a client writes. about: begins a message of a person; its group is JSON that names the sender.
    added: what the client puts behind a person's words. internal: a message of the client's own, which may
    quote anybody. remembered: what is kept for the owner, in the system prompt."""

    about: re.Pattern[str]
    added: re.Pattern[str]
    internal: re.Pattern[str]
    remembered: re.Pattern[str]


FORMS: Mapping[Client, Form] = {
    "openclaw": Form(
        about=re.compile(
            r"\A(?:\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d[^\]\n]*\] )?Conversation info: ⟦openclaw:ctx⟧\n"
            r"```json\n(\{[^\n]*\})\n```\n+"
        ),
        added=re.compile(r"\n\nRuntime: agent=[^\n]*\Z"),
        internal=re.compile(
            r"\A<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*<<<END_OPENCLAW_INTERNAL_CONTEXT>>>\s*\Z", re.DOTALL
        ),
        remembered=re.compile(
            r"^## (?:\S*/)?(?:USER|MEMORY|DREAMS)\.md\n(.*?)(?=^## \S|^<!-- /?openclaw|\Z)",
            re.MULTILINE | re.DOTALL,
        ),
    )
}


@dataclass(frozen=True)
class Line:
    """What a person wrote. speaker: as the client names them, "" where it names nobody. internal: whether it
    is the client's own message."""

    speaker: str
    text: str
    internal: bool = False


def line(text: str, client: Client | None) -> Line:
    """A user message as its person wrote it."""
    if client is None:
        return Line("", text)
    form = FORMS[client]
    if not (found := form.about.match(text)):
        return Line("", text, internal=bool(form.internal.match(text)))
    try:
        sender = json.loads(found[1])["sender"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Line("", text)
    return Line(str(sender), form.added.sub("", text[found.end() :]))


def remembered_in(prompt: str, client: Client | None) -> list[str]:
    """What of a system prompt is memory of the agent's owner."""
    found = FORMS[client].remembered.findall(prompt) if client else []
    return [one.strip() for one in found if one.strip()]


def who_asks(lines: Iterable[Line]) -> str:
    """Who wrote the last of the messages that is a person's; "" where that is not told."""
    said = [one for one in lines if not one.internal]
    return said[-1].speaker if said else ""
