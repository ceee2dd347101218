"""What an agent keeps of people, and how much of it there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from forwhom.audit.finding import Place
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.reading.deployment import REMEMBERED, Deployment, Kind, Text

StoreKind = Literal["user model", "memory", "daily notes", "transcripts", "standing intents"]
_FILES: dict[StoreKind, tuple[Kind, ...]] = {
    "user model": ("user model",), "memory": ("memory",), "daily notes": ("daily note", "diary"),
}  # fmt: skip
_TEMPLATE = re.compile(
    r"(Store stable user preferences|Use one directive per entry|Begin each directive|Record the observation|"
    r"When a preference changes, mark|Keep stable communication|Save this file at|Replace the example below|"
    r"Prefer \.\.\.|\[?Agent workspace|_?\(?Learn about the person|The more you know)"
)
"""How the lines begin that OpenClaw's own setup writes into USER.md."""


@dataclass(frozen=True)
class Store:
    """holds: entries, turns or intents in it. is_special: facts of a special category are among them. place:
    where it lies, or the first special entry."""

    kind: StoreKind
    agent: str
    name: str
    holds: int
    place: Place
    is_special: bool = False


def stores_of(deployment: Deployment) -> tuple[Store, ...]:
    special = {fact.entry.place for fact in facts_of(deployment) if fact.is_special}
    found = []
    for agent in deployment.agents:
        own = [one for one in deployment.of_kind(*REMEMBERED) if agent.id in one.agents]
        for kind, kinds in _FILES.items():
            texts = [one for one in own if one.kind in kinds]
            if texts:
                found.append(_store(kind, agent.id, texts, special))
        turns = [one for one in deployment.messages if one.agent == agent.id and one.role != "tool"]
        if turns:
            found.append(Store("transcripts", agent.id, "transcripts", len(turns), turns[0].place))
        if deployment.intents and agent == deployment.agents[0]:
            armed = [one for one in deployment.intents if one.status in ("armed", "fired", "pending", "")]
            if armed:
                found.append(
                    Store("standing intents", agent.id, "standing intents", len(armed), armed[0].place)
                )
    return tuple(found)


def told_lines(text: Text) -> Iterator[Entry]:
    """What somebody noted: not what the template brought along."""
    return (one for one in entries_of(text) if not _TEMPLATE.match(one.text))


def _store(kind: StoreKind, agent: str, texts: list[Text], special: set[Place]) -> Store:
    entries = [one for text in texts for one in told_lines(text)]
    place = next((one.place for one in entries if one.place in special), None)
    name = texts[0].file.rsplit("/", 1)[-1] if len(texts) == 1 else kind
    return Store(kind, agent, name, len(entries), place or texts[0].at(0), place is not None)
