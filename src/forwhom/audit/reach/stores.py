"""What an agent keeps of people, and how much of it there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from forwhom.audit.finding import Place
from forwhom.audit.reading.deployment import REMEMBERED, Deployment, Kind, Text

StoreKind = Literal["user model", "memory", "daily notes", "transcripts", "standing intents"]
_FILES: dict[StoreKind, tuple[Kind, ...]] = {
    "user model": ("user model",), "memory": ("memory",), "daily notes": ("daily note", "diary"),
}  # fmt: skip
_PLACEHOLDER = re.compile(r"^[-*]\s*\**[\w /'-]+:\**\s*(\(.*\)|_.*_|\*.*\*)?$")
_SPECIAL = re.compile(
    r"\b(diagnos\w+|allerg\w+|depress\w+|anxiety|cancer|diabet\w+|hiv|epilep\w+|asthma|pregnan\w+|surgery|"
    r"therap(?:y|ist)|medication|insulin|antidepressant\w*|\d+ ?mg|gay|lesbian|bisexual|transgender|muslim|"
    r"jewish|catholic|mosque|synagogue|trade union|convicted|conviction|prison|disabled|clinic)\b",
    re.I,
)
"""A few words that leave no doubt; `is_special` of the caller knows more."""


@dataclass(frozen=True)
class Store:
    """holds: lines, turns or intents in it. is_special: facts of a special category are among them, as far as
    a few words show. place: where it lies, or the first special line."""

    kind: StoreKind
    agent: str
    name: str
    holds: int
    place: Place
    is_special: bool = False


def stores_of(deployment: Deployment, is_special: Callable[[str], bool] | None = None) -> tuple[Store, ...]:
    """is_special: tells whether a line is a fact of GDPR Art. 9 or 10."""
    special = is_special or (lambda line: _SPECIAL.search(line) is not None)
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


def told_lines(text: Text) -> Iterator[tuple[int, str]]:
    """Lines that say something: no heading, comment, hint in italics or empty field of a template."""
    is_hidden = False
    for number, line in enumerate(text.lines):
        told = line.strip()
        is_hidden = (is_hidden or told.startswith("<!--")) and "-->" not in told
        if is_hidden or told.startswith(("#", "<!--", "---", "```", "_", ">", "|")) or not told:
            continue
        if _PLACEHOLDER.match(told) or (told.startswith("*") and told.endswith("*") and told[1:2] != " "):
            continue
        yield number, told


def _store(kind: StoreKind, agent: str, texts: list[Text], special: Callable[[str], bool]) -> Store:
    lines = [(text, number, told) for text in texts for number, told in told_lines(text)]
    marked = next(((text, number) for text, number, told in lines if special(told)), None)
    place = marked[0].at(marked[1]) if marked else texts[0].at(0)
    name = texts[0].file.rsplit("/", 1)[-1] if len(texts) == 1 else kind
    return Store(kind, agent, name, len(lines), place, marked is not None)
