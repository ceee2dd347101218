"""What every adapter of a memory product shares: when it is asked, what it is told, and where its files lie.

An adapter says how its product is opened, and how one opened Memory of it adds, searches, deletes and lists;
what a request reads is set beside the `retrieval` layer, so that the two can be compared.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote

from inspect_ai.model import ChatMessage
from pydantic import Field, PrivateAttr

from forwhom.systems.layer import Exchange, Happening, Layer, with_notes
from forwhom.users.user import Provenance, User

_SAID = ("say", "document", "feedback", "edit_profile")
_T = TypeVar("_T")

# One thread for all calls of all products: their SQLite files and folder locks want to be used by one, and
# what is written is then in order. It frees the event loop, as asyncio.to_thread with a lock would.
_calls = ThreadPoolExecutor(max_workers=1, thread_name_prefix="product")


@dataclass(frozen=True)
class Entry:
    """What is to be stored. owner: the user's id as products take it (owner_of). is_said: in a session, and
    not known before."""

    owner: str
    text: str
    is_said: bool = True


class Memory(Protocol):
    """One opened store of a product. owner None means everybody's. Used from one thread."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Store as the product's own users would."""

    def search(self, request: str, k: int, owner: str | None) -> list[str]:
        """At most k texts, best first."""

    def forget(self, text: str, owner: str) -> None:
        """Delete the owner's entries that name `text`, by the product's own means; "" names all."""

    def listed(self, owner: str | None) -> list[str]:
        """The texts of all entries."""

    def residue(self, text: str, owner: str | None) -> list[str]:
        """The product's own places, in words, that still hold `text`; its files are searched besides."""

    def close(self) -> None:
        """Let go of files; called once, perhaps from another thread."""


class Opened:
    """A Memory with the folder that is its own, which is removed when nobody holds this any more."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.folder, self.memory = folder, memory
        weakref.finalize(self, _end, folder, memory)


def _end(folder: Path, memory: Memory) -> None:
    with suppress(Exception):
        memory.close()
    shutil.rmtree(folder, ignore_errors=True)


class Product(Layer):
    """k: memories found for a request. store: "isolated", the product searches those of the user who asks, or
    "shared", everybody's (the deployment mistake that cross-user probes look for).

    deletes: whether a request to forget goes through the product's own deletion, or nowhere.
    """

    k: int = Field(default=3, ge=1)
    store: Literal["isolated", "shared"] = "isolated"
    deletes: bool = True
    _begun: dict[tuple[str, ...], TemporaryDirectory[str]] = PrivateAttr(default_factory=dict)

    def open(self, folder: Path) -> Memory:
        """The product with all its files in `folder`, which may hold those of an earlier opening."""
        raise NotImplementedError

    @property
    def version(self) -> str:
        try:
            return version(self.package)
        except PackageNotFoundError:
            return ""

    def why_not(self, model: str) -> str:
        if not self.version:
            return (f"'{self.name}' needs the package {self.package}, which is not installed: "
                    "pip install 'forwhom[products]'.")  # fmt: skip
        return super().why_not(model)

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        request = exchange.request or messages[-1].text
        among = exchange.among(self.k)
        near = await _call(
            lambda: self._opened(exchange).memory.search(request, among, self._scope(exchange))
        )
        sources = [(text, _provenance(text, exchange)) for text in near]
        found = [one for one in sources if exchange.may_recall(*one)][: self.k]
        if not found:
            return messages
        lines = [f"- {exchange.worded(*one)}" for one in found]
        return [with_notes(messages[0].text, lines), *messages[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        owner = owner_of(happened.actor or exchange.known)
        if happened.kind == "forget" and self.deletes:
            await _call(lambda: self._opened(exchange).memory.forget(happened.text, owner))
        elif happened.kind in _SAID and happened.text.strip():
            entry = Entry(owner, happened.as_note)
            await _call(lambda: self._opened(exchange).memory.add([entry]))

    async def stored(self, exchange: Exchange) -> list[str]:
        return await _call(lambda: self._opened(exchange).memory.listed(owner_of(exchange.known)))

    async def residue(self, text: str, exchange: Exchange) -> list[str]:
        """What the product finds for whoever asks, its own tables, and the bytes of its files.

        A text that a file holds in pieces (over two pages of a database) is not found in it.
        """
        if not text:
            return []

        def look() -> list[str]:
            opened = self._opened(exchange)
            return [*opened.memory.residue(text, self._scope(exchange)), *_files_with(text, opened.folder)]

        return await _call(look)

    def _scope(self, exchange: Exchange) -> str | None:
        return None if self.store == "shared" else owner_of(exchange.known)

    def _opened(self, exchange: Exchange) -> Opened:
        """The store of this exchange alone, as it stands; called from the one thread."""
        opened: Opened | None = exchange.notes.get(self.name)
        if opened is None:
            folder = Path(mkdtemp(prefix=f"forwhom-{self.name}-"))
            shutil.copytree(self._beginning(exchange), folder, dirs_exist_ok=True)
            opened = exchange.notes[self.name] = Opened(folder, self.open(folder))
        return opened

    def _beginning(self, exchange: Exchange) -> str:
        """The folder of a store that holds what was known at first of those whom it serves: written once,
        then copied, since a product takes some milliseconds a memory."""
        known = exchange.known_at_first
        served = {user.id: user for user in exchange.population} | {known.id: known}
        users = [known] if self.store == "isolated" else list(served.values())
        key = (known.id, *(memory.text for memory in known.memories), *sorted(user.id for user in users))
        if key not in self._begun:
            begun = TemporaryDirectory(prefix=f"forwhom-{self.name}-begins-")
            memory = self.open(Path(begun.name))
            memory.add(
                [Entry(owner_of(user), one.text, is_said=False) for user in users for one in user.memories]
            )
            memory.close()
            self._begun[key] = begun
        return self._begun[key].name


def owner_of(user: User) -> str:
    """The user's id as every product takes it: without spaces, dots and wildcards, and unlike any other's."""
    return quote(user.id, safe="").replace(".", "%2E")


def _provenance(text: str, exchange: Exchange) -> Provenance:
    """Of a memory that the product returns without saying whose words they are."""
    others = (one for one in exchange.log if one.is_by_third_party)
    return "third_party" if any(one.as_note == text for one in others) else "told"


async def _call(what: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_calls, what)


def _files_with(text: str, folder: Path) -> list[str]:
    forms = {text.encode(), json.dumps(text)[1:-1].encode()}
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return [
        f"the file {file.relative_to(folder).as_posix()}"
        for file in files if any(form in file.read_bytes() for form in forms)
    ]  # fmt: skip
