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

from forwhom.users.user import Provenance, User

Vector = npt.NDArray[np.float32]
_ALWAYS = "everywhere"


@dataclass(frozen=True)
class Note:
    """One stored note. owner: whose it is. provenance: told, observed, inferred or third_party."""

    text: str
    owner: str
    session: int
    provenance: Provenance


class MemoryStore:
    """Notes of one deployment. Not thread-safe; use it from one event loop."""

    def __init__(self, population: Sequence[User]) -> None:
        self._population = tuple(population)
        self._opening: asyncio.Task[Any] | None = None
        self._writing = asyncio.Lock()  # of many that write at once the table lets some fail
        self._hidden: dict[str, set[tuple[str, str]]] = {}  # by exchange: owner and text

    async def write(self, note: Note, exchange_id: str) -> None:
        """Add a note that only `exchange_id` sees."""
        table, row = await self._opened(), _row(note, exchange_id, embed((note.text,))[0])
        async with self._writing:
            await table.add([row])

    async def forget(self, owner: str, text: str, exchange_id: str) -> None:
        """Delete the notes of `owner` that name `text`, as far as this exchange sees; "" names them all.

        What the exchange wrote is deleted. The population's notes are there for the other exchanges too,
        and are hidden from this one.
        """
        table = await self._opened()
        written = f"owner = '{_key(owner)}' AND exchange = '{_key(exchange_id)}'"
        rows = await table.query().where(written).to_list()
        named = {f"'{row['text_key']}'" for row in rows if text in row["text"]}
        if named:
            async with self._writing:
                await table.delete(f"{written} AND text_key IN ({', '.join(named)})")
        own = [memory for user in self._population if user.id == owner for memory in user.memories]
        hidden = {(owner, memory.text) for memory in own if text in memory.text}
        self._hidden.setdefault(exchange_id, set()).update(hidden)

    async def all(self, owner: str | None, exchange_id: str) -> list[Note]:
        """Every note that a search of this exchange could find, oldest first; owner None: everybody's."""
        table = await self._opened()
        rows = await table.query().where(_visible(exchange_id, owner)).to_list()
        kept = [_note(row) for row in rows if not self._is_hidden(row, exchange_id)]
        return sorted(kept, key=lambda note: note.session)

    async def search(
        self,
        request: str,
        k: int,
        exchange_id: str,
        owner: str | None = None,
        without: Provenance | None = None,
    ) -> list[Note]:
        """The k notes nearest to `request` by cosine distance; owner None searches everybody's.

        without: a provenance that is passed over.
        """
        table = await self._opened()
        visible = _visible(exchange_id, owner)
        if without is not None:
            visible += f" AND provenance != '{without}'"
        hidden = self._hidden.get(exchange_id, set())
        query = (await table.search(embed((request,))[0])).distance_type("cosine")
        rows = await query.where(visible).limit(k + len(hidden)).to_list()
        kept = [r for r in rows if not self._is_hidden(r, exchange_id)]
        return [_note(row) for row in kept[:k]]

    def _is_hidden(self, row: dict[str, Any], exchange_id: str) -> bool:
        is_everybodys = row["exchange"] == _key(_ALWAYS)
        return is_everybodys and (row["whose"], row["text"]) in self._hidden.get(exchange_id, set())

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


def _note(row: dict[str, Any]) -> Note:
    return Note(row["text"], row["whose"], row["session"], row["provenance"])


def _visible(exchange_id: str, owner: str | None) -> str:
    visible = f"exchange IN ('{_key(_ALWAYS)}', '{_key(exchange_id)}')"
    return visible if owner is None else f"{visible} AND owner = '{_key(owner)}'"


def _row(note: Note, exchange_id: str, vector: Vector) -> dict[str, Any]:
    return {
        "vector": vector.tolist(),
        "owner": _key(note.owner),
        "whose": note.owner,
        "exchange": _key(exchange_id),
        "text": note.text,
        "text_key": _key(note.text),
        "session": note.session,
        "provenance": note.provenance,
    }


def _key(name: str) -> str:
    # Names and texts come from users' files; a hash cannot carry SQL into the filter.
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
