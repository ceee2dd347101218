"""Who wrote each message, where several people write to one agent and its prompts say who.

For a model all people of a channel are one user. OpenClaw writes before each message of a channel who sent
it, puts what it remembers for the agent's owner into the system prompt, and what it adds itself into messages
of its own. This is read here; where a message is a channel's and its sender cannot be read, it is nobody's.
Who writes to the agent by a way for which it says nothing (its web page, its protocol) could write such a
line themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Client = Literal["openclaw"]
UNREAD = "?"
"""In place of a speaker: a message of a channel, of which it cannot be read who wrote it."""


@dataclass(frozen=True)
class Form:
    """How a client writes. stamp: may stand before all else. about: begins a message of a person; its group
    is JSON that names the sender. quoted: what else may stand before their words, and is not theirs. added:
    what stands behind them. unread: a channel's message of another form. internal: a message of the client's
    own, which may quote anybody. remembered: what is kept for the owner, in the system prompt."""

    stamp: re.Pattern[str]
    about: re.Pattern[str]
    quoted: re.Pattern[str]
    added: re.Pattern[str]
    unread: re.Pattern[str]
    internal: re.Pattern[str]
    remembered: re.Pattern[str]


FORMS: Mapping[Client, Form] = {
    "openclaw": Form(
        stamp=re.compile(r"\A\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d[^\]\n]*\] "),
        about=re.compile(r"\AConversation info: ⟦openclaw:ctx⟧\n```json\n(\{[^\n]*\})\n```(?:\n+|\Z)"),
        quoted=re.compile(
            r"\A(?:[^\n]*⟦openclaw:ctx⟧\n```json\n.*?\n```(?:\n+|\Z)"
            r"|[^\n]*⟦openclaw:ctx⟧\n.*?(?:\n\n+|\Z)"
            r"|(?:\[Replying to|System:|Active goal: ).*?(?:\n\n+|\Z)"
            r"|\[Startup context loaded by runtime\].*?(?:\nUser note for this reset turn[^\n]*\n|\Z))",
            re.DOTALL,
        ),
        added=re.compile(r"\n\nRuntime: (?:name=[^\n]* \| )?agent=[^\n]*\Z"),
        unread=re.compile(
            r"\A(?:Queued #|\[Queued messages|\[OpenClaw room event\]"
            r"|The conversation history before this point)|⟦openclaw:ctx⟧"
        ),
        internal=re.compile(
            r"\A<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*<<<END_OPENCLAW_INTERNAL_CONTEXT>>>\s*\Z", re.DOTALL
        ),
        remembered=re.compile(
            r"^## (?:[^\n]*[/\\])?(?:USER|MEMORY|DREAMS|\d{4}-\d\d-\d\d[^\n/]*)\.md\n"
            r"(.*?)(?=^## [^\n]*[/\\][^\n]*\.md$|^<!-- /?openclaw:|\Z)",
            re.MULTILINE | re.DOTALL,
        ),
    )
}


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
    form = FORMS[client]
    if form.internal.match(text):
        return Line("", "", text, internal=True)
    said = form.added.sub("", form.stamp.sub("", text))
    if not (found := form.about.match(said)):
        return Line(UNREAD, "", text) if form.unread.search(said) else Line("", text)
    if not (speaker := _sender(found[1])):
        return Line(UNREAD, "", text)
    rest = said[found.end() :]
    while block := form.quoted.match(rest):
        rest = rest[block.end() :]
    return Line(speaker, rest, said[found.end() : len(said) - len(rest)])


def _sender(about: str) -> str:
    try:
        number = json.loads(about)["sender"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return str(number) if isinstance(number, str | int) else ""


def remembered_in(prompts: Iterable[str], client: Client | None) -> list[str]:
    """What of system prompts is memory of the agent's owner."""
    if client is None:
        return []
    found = [one.strip() for prompt in prompts for one in FORMS[client].remembered.findall(prompt)]
    return [one for one in found if one]


def who_asks(lines: Iterable[Line]) -> str:
    """Who wrote the last of the messages that is a person's; "" where it is of no channel."""
    said = [one for one in lines if not one.internal]
    return said[-1].speaker if said else ""
