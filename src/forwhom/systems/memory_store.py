"""A vector store of notes about people: LanceDB with static embeddings, both embedded.

Every note has an owner. Notes that a scenario writes carry the id of their exchange and are visible in
that exchange alone, so that scenarios do not see one another while the population's own notes are
embedded once.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from forwhom.users.user import User

Vector = npt.NDArray[np.float32]
_ALWAYS = "everywhere"


@dataclass(frozen=True)
class Note:
    """One stored note. owner: whose it is. provenance: told, observed, inferred or third_party."""

    text: str
    owner: str
    session: int
    provenance: str


class MemoryStore:
    """Notes of one deployment. Not thread-safe; use it from one event loop."""

    def __init__(self, population: Sequence[User]) -> None:
        self._population = tuple(population)
        self._opening: asyncio.Task[Any] | None = None

    async def write(self, note: Note, exchange_id: str) -> None:
        """Add a note that only `exchange_id` sees."""
        await (await self._opened()).add([_row(note, exchange_id, embed((note.text,))[0])])

    async def forget(self, owner: str, exchange_id: str) -> int:
        """Delete what `owner` wrote in this exchange; returns how many notes went."""
        table = await self._opened()
        condition = f"owner = '{_key(owner)}' AND exchange = '{_key(exchange_id)}'"
        count = int(await table.count_rows(condition))
        await table.delete(condition)
        return count

    async def search(self, request: str, k: int, exchange_id: str, owner: str | None = None) -> list[Note]:
        """The k notes nearest to `request` by cosine distance; owner None searches everybody's."""
        table = await self._opened()
        visible = f"exchange IN ('{_key(_ALWAYS)}', '{_key(exchange_id)}')"
        if owner is not None:
            visible += f" AND owner = '{_key(owner)}'"
        query = (await table.search(embed((request,))[0])).distance_type("cosine")
        rows = await query.where(visible).limit(k).to_list()
        return [Note(r["text"], r["whose"], r["session"], r["provenance"]) for r in rows]

    async def _opened(self) -> Any:
        # One task opens for all who wait: two tables would each hold some of what is written.
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> Any:
        notes = [
            Note(memory.text, user.id, memory.session, memory.provenance)
            for user in self._population
            for memory in user.memories
        ]
        # One placeholder row gives an empty population its schema; nobody owns it.
        notes.append(Note("nothing", "", 0, "told"))
        vectors = embed(tuple(note.text for note in notes))
        rows = [_row(n, _ALWAYS, v) for n, v in zip(notes[:-1], vectors[:-1], strict=True)]
        rows.append(_row(notes[-1], "nowhere", np.ones_like(vectors[-1])))
        os.environ.setdefault("LANCE_LOG", "error")  # it warns of every table that it makes
        import lancedb

        database = await lancedb.connect_async("memory://")
        return await database.create_table("notes", rows)


def _row(note: Note, exchange_id: str, vector: Vector) -> dict[str, Any]:
    return {
        "vector": vector.tolist(),
        "owner": _key(note.owner),
        "whose": note.owner,
        "exchange": _key(exchange_id),
        "text": note.text,
        "session": note.session,
        "provenance": note.provenance,
    }


def _key(name: str) -> str:
    # Names come from users' files; a hash cannot carry SQL into the filter.
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def embed(texts: Sequence[str]) -> Vector:
    """Unit vectors, shape (len(texts), 256)."""
    vectors: Vector = _model().embed(list(texts), norm=True).astype(np.float32)
    # A text of unknown words alone has no direction; give it one that is near to nothing.
    empty = ~np.isfinite(vectors).all(axis=1) | (np.abs(vectors).sum(axis=1) == 0)
    vectors[empty] = 1 / np.sqrt(vectors.shape[1])
    return vectors


@lru_cache(maxsize=1)
def _model() -> Any:
    import wordllama

    # The package carries its tokenizer in a folder that only the cache lookup searches.
    home = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=home, disable_download=True)
