"""A Deployment: all that an audit reads of a personal agent, as frozen data. Checks see nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from forwhom.audit.finding import Place
from forwhom.audit.reading.config import Config

Kind = Literal["user model", "memory", "daily note", "diary", "persona", "identity", "instructions", "skill"]
REMEMBERED: tuple[Kind, ...] = ("user model", "memory", "daily note", "diary")
INJECTED: tuple[Kind, ...] = ("user model", "memory", "persona", "identity", "instructions")
"""Read whole into the prompt of a session, without anybody asking for it."""
OWN: tuple[Kind, ...] = ("persona", "identity", "instructions")
"""What the agent is, in place of what it knows."""
Role = Literal["user", "assistant", "tool"]
Origin = Literal["owner", "agent", "untrusted", "system", ""]


@dataclass(frozen=True)
class Text:
    """One file of a workspace. agents: whose prompts may read it."""

    file: str
    kind: Kind
    agents: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def is_injected(self) -> bool:
        return self.kind in INJECTED

    def at(self, number: int) -> Place:
        """number: from 0."""
        return Place(file=self.file, line=number + 1)

    def as_of(self, version: Version) -> Text:
        """The same file as it was then."""
        return replace(self, lines=tuple(version.text.split("\n")))


@dataclass(frozen=True)
class Call:
    """A tool call of the agent. arguments: as text, by name."""

    tool: str
    arguments: dict[str, str]


@dataclass(frozen=True)
class Message:
    """One turn of a transcript. key: of the session's place (agent:main:main). sender: as the channel numbers
    them; name: as it shows them. is_owner: None where nothing says. at: seconds since 1970. tool: whose
    result it is."""

    place: Place
    agent: str
    session: str
    key: str
    chat: str
    role: Role
    text: str
    sender: str = ""
    is_owner: bool | None = None
    tool: str = ""
    calls: tuple[Call, ...] = ()
    at: float | None = None
    name: str = ""

    @property
    def is_others(self) -> bool:
        """Neither the owner's word nor the agent's: a tool's result, or somebody else."""
        return self.role == "tool" or (self.role == "user" and self.is_owner is False)


@dataclass(frozen=True)
class Chunk:
    """A piece of the memory index. path: of the file that it was cut from."""

    place: Place
    path: str
    text: str
    origin: Origin = ""


@dataclass(frozen=True)
class Intent:
    """A standing intent. channel, sender: its scope, "" for anywhere and anyone."""

    place: Place
    description: str
    triggers: str
    channel: str
    sender: str
    creator: str
    status: str
    fires: int
    expires_at: float
    session: str


@dataclass(frozen=True)
class Job:
    """A scheduled task. mode, channel, to: where its result is sent."""

    place: Place
    name: str
    agent: str
    prompt: str
    enabled: bool
    mode: str = ""
    channel: str = ""
    to: str = ""


@dataclass(frozen=True)
class Version:
    """A file's text at an earlier time. commit: of Git, or the name of a backup. message: of the commit."""

    file: str
    text: str
    at: float
    author: str
    commit: str
    message: str = ""


@dataclass(frozen=True)
class Agent:
    """workspace: a folder as findings name it, "" where it was not there."""

    id: str
    workspace: str


@dataclass(frozen=True, eq=False)
class Deployment:
    """layout: what PATH was. product, version: as far as files say. paired: senders let in by hand, by
    channel. forgotten: ids of sessions that `memory forget` was told of, and where that is kept.
    history: versions of a file, oldest first. notices: what the reader must be told first. skipped: files
    that were not read, and why."""

    root: str
    layout: Literal["state", "workspace"]
    product: str
    version: str
    config: Config
    agents: tuple[Agent, ...]
    texts: tuple[Text, ...] = ()
    messages: tuple[Message, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    intents: tuple[Intent, ...] = ()
    jobs: tuple[Job, ...] = ()
    paired: dict[str, tuple[str, ...]] | None = None
    forgotten: dict[str, Place] | None = None
    history: tuple[Version, ...] = ()
    copies: tuple[Place, ...] = ()
    notices: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def of_kind(self, *kinds: Kind) -> Iterator[Text]:
        return (one for one in self.texts if one.kind in kinds)

    @cached_property
    def said_by_owner(self) -> tuple[Message, ...]:
        """Messages that are the owner's, or nobody else's as far as is known."""
        return tuple(one for one in self.messages if one.role == "user" and one.is_owner is not False)

    @cached_property
    def said_by_others(self) -> tuple[Message, ...]:
        return tuple(one for one in self.messages if one.is_others)

    @cached_property
    def sessions(self) -> dict[tuple[str, str], tuple[Message, ...]]:
        """By agent and session, in order."""
        found: dict[tuple[str, str], list[Message]] = {}
        for one in self.messages:
            found.setdefault((one.agent, one.session), []).append(one)
        return {key: tuple(told) for key, told in found.items()}
