"""One sample's agent: whom it hears, which session that is in, and what it has kept.

Everything that is said to it is a turn of OpenClaw, and everything that it remembers is OpenClaw's doing.
Blocking; a sample's turns come one after another.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import finalize

from forwhom.openclaw.client import OWNER, SOMEBODY, Client, Said
from forwhom.openclaw.files import DOCUMENTS, Knows, append, directive, memory_files, write_user
from forwhom.openclaw.gateway import Gateway
from forwhom.openclaw.pool import Lease, Pool
from forwhom.openclaw.residue import places_with
from forwhom.openclaw.telegram import OWNER_NUMBER
from forwhom.openclaw.understood import Routes
from forwhom.systems.reply import Action
from forwhom.users.user import User

_READ = "Please read the file {name} in your workspace. Somebody sent it to me."
_PASTED = "Somebody sent me this:\n<<<\n{text}\n>>>"


class LiveAgent:
    """A copy of the agent that knows `user`. Raises InputError where its gateway does not come up.

    is_owner: whether the agent belongs to `user`, and everybody else is somebody else to it; or the reverse.
    """

    def __init__(
        self, pool: Pool, routes: Routes, user: User, knows: Knows, *, is_owner: bool = True
    ) -> None:
        self._pool, self._routes, self._user, self._is_owner = pool, routes, user, is_owner
        self._lease: Lease = pool.lease(user.id)
        self._connections: dict[bool, Client] = {}
        finalize(self, _hang_up, self._connections)
        self._opened: list[str] = []  # keys of sessions in which something was said
        self._is_over = False
        self._documents = 0
        self._others: list[str] = []
        self.told: set[str] = set()
        write_user(user, knows, self.workspace)

    @property
    def _gateway(self) -> Gateway:
        return self._lease.gateway

    @property
    def name(self) -> str:
        """Of this copy, as the gateway has it."""
        return self._lease.agent

    @property
    def workspace(self) -> Path:
        return self._gateway.workspace(self.name)

    def set_apart(self) -> LiveAgent:
        """Another copy of the agent that remembers in its files what this one does; in a new session."""
        apart = LiveAgent(self._pool, self._routes, self._user, "nothing", is_owner=self._is_owner)
        shutil.rmtree(apart.workspace)
        shutil.copytree(self.workspace, apart.workspace)
        return apart

    def say(self, text: str, other: str = "") -> Said:
        """One message. other: who wrote it, where that is not the user."""
        key = self._key(other)
        if self._is_over:
            for one in self._opened:
                self._connection(owner=True).begin_session(one)
            self._opened, self._is_over = [], False
        if key not in self._opened:
            if self._gateway.snapshot.agent_folder:  # it may go on with a conversation of the original
                self._connection(owner=True).begin_session(key)
            self._opened.append(key)
        self.told.add(text)
        if self._gateway.telegram:
            told_by = self._gateway.telegram
            return self._connection(owner=True).say_by(told_by, self.name, self._number(other), key, text)
        connection = self._connection(owner=self._is_owner != bool(other))
        return connection.say(self.name, key, text, self._routes.channel)

    def show(self, text: str, *, in_file: bool) -> Said:
        """What somebody else wrote: as a file that the agent is to read, or in the message."""
        self.told.add(text)
        if not in_file:
            return self.say(_PASTED.format(text=text))
        self._documents += 1
        name = f"{DOCUMENTS}/from-somebody-{self._documents}.md"
        file = self.workspace / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
        return self.say(_READ.format(name=name))

    def enter(self, text: str) -> None:
        """Add a line to USER.md, as somebody does who edits the file."""
        append(self.workspace / "USER.md", "# User\n", [directive(text)])

    def end_session(self) -> None:
        """What is said next is said in new sessions, as after /new."""
        self._is_over, self.told = True, set()

    def stored(self) -> list[str]:
        """What it remembers in plain text, a line each, behind the name of the file."""
        return [
            f"{file.relative_to(self.workspace).as_posix()}: {line.strip()}"
            for file in memory_files(self.workspace)
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]  # fmt: skip

    def injectable(self) -> dict[str, str]:
        """The files that may stand in its prompt, by name."""
        files = [one for one in self.workspace.glob("*.md") if one.is_file()]
        return {one.name: one.read_text(encoding="utf-8", errors="replace").strip() for one in files}

    def session(self) -> Iterator[tuple[str, str]]:
        """The messages of the user's present session: role and text."""
        for message in self._connection(owner=True).history(self._key("")):
            if text := "\n".join(_parts(message)):
                yield str(message.get("role", "")), text

    def actions(self) -> tuple[Action, ...]:
        """The tools that were called since the last message of the user."""
        messages = self._connection(owner=True).history(self._key(""))
        asked = max((at for at, one in enumerate(messages) if one.get("role") == "user"), default=0)
        return tuple(_actions(messages[asked:]))

    def residue(self, text: str) -> list[str]:
        """Where the text can still be found, in words."""
        workspace, state = self.workspace, self._gateway.state
        return [
            *places_with(text, workspace, "the workspace"),
            *places_with(text, state / "agents" / self.name, "the agent's state"),
            *places_with(text, state, "the gateway's state", without=("agents",)),
            *(["the gateway's log"] if text in self._gateway.log_text() else []),
        ]

    def _number(self, other: str) -> int:
        """Of a person at Telegram. Where the agent is not the user's, it is the first other person's."""
        if other and other not in self._others:
            self._others.append(other)
        first, rest = self._others[:1] or ["an owner who says nothing"], self._others[1:]
        people = ["", *self._others] if self._is_owner else [*first, "", *rest]
        return OWNER_NUMBER + people.index(other)

    def _key(self, other: str) -> str:
        if self._gateway.telegram:
            return self._routes.key(self.name, str(self._number(other)), account=self.name)
        person = f"p{sha256(other.encode()).hexdigest()[:12]}" if other else "user"
        return self._routes.key(self.name, person)

    def _connection(self, *, owner: bool) -> Client:
        if owner not in self._connections:
            self._connections[owner] = self._gateway.connect(*(OWNER if owner else SOMEBODY))
        return self._connections[owner]


def _hang_up(connections: dict[bool, Client]) -> None:
    for one in connections.values():
        one.close()


def _content(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [one for one in content or [] if isinstance(one, dict)]


def _parts(message: dict[str, Any]) -> Iterator[str]:
    for part in _content(message):
        if part.get("type") == "text" and part.get("text"):
            yield str(part["text"])
        elif part.get("type") in ("toolCall", "tool_use", "toolcall"):
            yield f"[calls {part.get('name')} {part.get('arguments') or part.get('input') or ''}]"


def _actions(messages: Iterable[dict[str, Any]]) -> Iterator[Action]:
    called: dict[str, Action] = {}
    for message in messages:
        for part in _content(message):
            if part.get("type") in ("toolCall", "tool_use", "toolcall"):
                given = part.get("arguments") or part.get("input") or {}
                arguments = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
                called[str(part.get("id"))] = Action(str(part.get("name")), arguments)
        number = str(message.get("toolCallId", ""))
        if number in called:
            one = called.pop(number)
            yield Action(one.tool, one.arguments, "\n".join(_parts(message)))
    yield from called.values()
