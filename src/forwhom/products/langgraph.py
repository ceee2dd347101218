"""LangGraph's long-term memory (PyPI langgraph-checkpoint-sqlite): JSON by namespace, with vectors.

Entries lie in ("memories", user), as its documentation does it; a search names a namespace and finds what
lies below it. One SQLite file holds all.
https://docs.langchain.com/oss/python/langgraph/persistence#memory-store
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from forwhom.products.product import Entry, Memory, Product
from forwhom.systems.layer import product
from forwhom.systems.memory_store import embed

_ROOT = "memories"
_ALL = 1_000_000  # more than any store here holds; it finds 10 unless told
_DIMENSIONS = 256  # of our static embeddings


@product(
    name="langgraph",
    package="langgraph-checkpoint-sqlite",
    source="https://docs.langchain.com/oss/python/langgraph/persistence#memory-store",
)
class LangGraph(Product):
    """LangGraph's SqliteStore, searched by the vectors of the text of every entry."""

    def open(self, folder: Path) -> Memory:
        from langgraph.store.sqlite import SqliteStore

        loads = hasattr(sqlite3.Connection, "enable_load_extension")
        connection = sqlite3.connect(
            folder / "store.db", check_same_thread=False, isolation_level=None,
            factory=sqlite3.Connection if loads else _WithoutExtensions,
        )  # fmt: skip
        index = {"dims": _DIMENSIONS, "embed": _vectors}
        store = SqliteStore(connection, index=index)  # type: ignore[arg-type, unused-ignore]
        store.setup()
        connection.execute("PRAGMA synchronous = OFF")  # the same bytes; the disk is not waited for
        return _LangGraphMemory(store)


class _LangGraphMemory:
    def __init__(self, store: Any) -> None:
        self._store = store
        self._deleted: dict[str, str] = {}  # by key: what an entry said, for who looks for its traces

    def add(self, entries: Sequence[Entry]) -> None:
        from langgraph.store.base import PutOp

        # Of which field the vector is, is told with every entry: where SqliteStore 3.1.2 is told it for all,
        # as its documentation says, it does not hear it, and makes vectors of the JSON.
        self._store.batch(
            [PutOp((_ROOT, one.owner), uuid4().hex, {"text": one.text}, index=["text"]) for one in entries]
        )

    def search(self, request: str, k: int, owner: str | None) -> list[str]:
        found = self._store.search(_namespace(owner), query=request, limit=k)
        return [one.value["text"] for one in found]

    def forget(self, text: str, owner: str) -> None:
        for one in self._store.search(_namespace(owner), limit=_ALL):
            if text in one.value["text"]:
                self._store.delete(one.namespace, one.key)
                self._deleted[one.key] = one.value["text"]

    def listed(self, owner: str | None) -> list[str]:
        return [one.value["text"] for one in self._store.search(_namespace(owner), limit=_ALL)]

    def residue(self, text: str, owner: str | None) -> list[str]:
        places = ["search"] if any(text in one for one in self.listed(owner)) else []
        keys = {key for (key,) in self._store.conn.execute("SELECT key FROM store_vectors")}
        if any(text in said for key, said in self._deleted.items() if key in keys):
            places.append("the embeddings table")
        return places

    def close(self) -> None:
        self._store.conn.close()


def _namespace(owner: str | None) -> tuple[str, ...]:
    return (_ROOT,) if owner is None else (_ROOT, owner)


def _vectors(texts: Sequence[str]) -> list[list[float]]:
    return [[float(one) for one in vector] for vector in embed(texts)]


class _WithoutExtensions(sqlite3.Connection):
    """For a Python whose SQLite loads no extension (as built by pyenv or for macOS): the one function of
    sqlite-vec that the store calls, in its place."""

    def enable_load_extension(self, enable: bool, /) -> None:
        """Nothing is to be enabled."""

    def load_extension(self, name: str, /, *, entrypoint: str | None = None) -> None:
        self.create_function("vec_distance_cosine", 2, _cosine_distance, deterministic=True)


def _cosine_distance(one: bytes, other: bytes) -> float:
    a, b = np.frombuffer(one, np.float32), np.frombuffer(other, np.float32)
    return 1 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
