"""A deployment of a personal agent written down: what lies on its disk, and what is planted in it.

For the tests of `forwhom audit`: the labels are the ground truth on which recall and precision are measured,
and were written without a look at the audit. `building` makes the real thing of it.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forwhom.validated import read_yaml, validate

WORKSPACES = Path(__file__).parent / "workspaces"
SETS = ("dev", "held_out", "fresh", "unseen", "clean")

Check = Literal[
    "special-category-fact", "other-persons-fact", "secret-in-memory", "inferred-attribute", "contradiction",
    "duplicate", "remains-after-forgetting", "shared-main-session", "open-door", "group-reads-memory",
    "external-content-to-memory", "delivery-to-others", "tool-with-memory", "several-people-one-user-file",
    "instruction-in-memory", "third-party-standing-order", "dormant-trigger", "hidden-text",
    "identity-rewritten", "boundary-removed", "persona-drift", "sycophantic-flip", "flattery",
]  # fmt: skip
CHECKS: tuple[Check, ...] = get_args(Check)
Category = Literal[
    "health", "mental-health", "sex-life-or-orientation", "religion", "political-opinion", "ethnicity",
    "union-membership", "genetic-or-biometric", "criminal-record", "finances", "home-or-location", "contact",
    "identity-number", "family", "employment", "age", "credential", "preference", "other",
]  # fmt: skip
# GDPR, articles 9 and 10.
SPECIAL = frozenset(get_args(Category)[:9])


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FromTemplate(_Part):
    """A file that OpenClaw's own setup wrote, with changes. replace: text of the template -> its new text."""

    template: str
    replace: dict[str, str] = {}
    append: str = ""


class Message(_Part):
    """One turn. An assistant's `tool` makes a toolCall and its toolResult; at: else a minute later."""

    role: Literal["user", "assistant"]
    text: str = ""
    sender: str = ""
    sender_name: str = ""
    is_owner: bool = True
    tool: str = ""
    arguments: dict[str, Any] = {}
    result: str = ""
    at: datetime | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Message:
        if bool(self.arguments or self.result) > bool(self.tool) or (self.tool and self.role == "user"):
            raise ValueError("only an assistant's message with a tool has arguments and a result")
        if not (self.text or self.tool):
            raise ValueError("a message needs a text or a tool")
        return self


class Session(_Part):
    key: str
    id: str
    started: datetime
    chat_type: Literal["direct", "group", "channel"] | None = None
    channel: str | None = None
    hook_source: Literal["gmail", "webhook"] | None = None
    participants: list[str] = []
    messages: list[Message] = Field(min_length=1)


class StandingIntent(_Part):
    """channel_scope: a channel's name, null for anywhere; sender_scope: of that channel, null for anyone."""

    id: str
    description: str
    triggers: list[str]
    channel_scope: str | None = None
    sender_scope: str | None = None
    creator: str | None = None
    status: Literal["pending", "armed", "fired", "done", "cancelled", "expired"] = "armed"
    created: datetime
    source_session: str | None = None


class Automation(_Part):
    """A scheduled job; schedule, payload and delivery as OpenClaw's docs spell them."""

    id: str
    name: str
    enabled: bool = True
    schedule: dict[str, Any]
    session_target: str = "isolated"
    payload: dict[str, Any]
    delivery: dict[str, Any] = {}


class Chunk(_Part):
    path: str
    start_line: int
    end_line: int
    text: str
    origin: Literal["owner", "agent", "untrusted", "system"] = "agent"
    session_kind: Literal["interactive", "cron", "heartbeat", "subagent", "unknown"] = "interactive"


class Origin(_Part):
    entry_key: str
    session: str
    origin: Literal["owner", "agent", "untrusted", "system"]


class Tombstone(_Part):
    session: str
    reason: str = "forgotten"
    at: datetime


class Paired(_Part):
    channel: str
    entry: str


class Commit(_Part):
    """files: path in the workspace -> its text then; `true`: the final one, of `files`; null: removed."""

    author: str = Field(pattern=r"^.+ <.+@.+>$")
    date: datetime
    message: str
    files: dict[str, str | Literal[True] | None]


class Where(_Part):
    """table: a SQLite table; row: its session_id (transcripts, tombstones), job_id, path (chunks) or id."""

    table: str
    row: str


class Place(_Part):
    """Where a planted thing stands: a line of a file (by number, or by a text in it) or a row.

    commit: 1-based number of the commit of `history` that did it; `text` then stands in what it added, or for
    `boundary-removed` in what it took away.
    """

    file: str
    text: str = ""
    line: int | None = None
    where: Where | None = None
    commit: int | None = None

    @model_validator(mode="after")
    def _points(self) -> Place:
        if not self.text and self.line is None:
            raise ValueError("a place needs a text or a line")
        if self.file.endswith(".sqlite") and not self.where:
            raise ValueError("a place in a database needs `where`")
        return self


class Planted(Place):
    """also: other places of the same thing (the other statement or copy): each counts as finding it."""

    check: Check
    note: str
    also: list[Place] = []


class PlantedFact(Place):
    category: Category
    whose: Literal["owner", "other"] = "owner"
    provenance: Literal["told", "inferred", "third_party", "unknown"]


class Deployment(_Part):
    about: str
    layout: Literal["state", "workspace", "clawdbot", "moltbot"]
    config: dict[str, Any] | str | None = None
    files: dict[str, str | FromTemplate]
    state_files: dict[str, str] = {}
    sessions: list[Session] = []
    standing_intents: list[StandingIntent] = []
    cron: list[Automation] = []
    paired: list[Paired] = []
    memory_index: list[Chunk] = []
    entry_origins: list[Origin] = []
    tombstones: list[Tombstone] = []
    history: list[Commit] = []
    planted: list[Planted] = []
    planted_facts: list[PlantedFact] = []


def read_deployment(path: Path) -> Deployment:
    """Raises InputError with the line of an unknown key or a wrong value."""
    return validate(read_yaml(path), Deployment, path)


def written_deployments(*sets: str) -> list[Path]:
    """The files of these sets, or of all."""
    return [path for name in sets or SETS for path in sorted((WORKSPACES / name).glob("*.yaml"))]


def expanded(text: str) -> str:
    """Invisible things written visibly: {U+200B}, {tags:...} as tag characters, {base64:...} as base64."""
    text = re.sub(r"\{U\+([0-9A-F]{4,6})\}", lambda found: chr(int(found[1], 16)), text)
    text = re.sub(r"\{tags:([^}]*)\}", lambda found: "".join(chr(0xE0000 + ord(c)) for c in found[1]), text)
    return re.sub(r"\{base64:([^}]*)\}", lambda found: base64.b64encode(found[1].encode()).decode(), text)
