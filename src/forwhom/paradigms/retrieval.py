"""Retrieval augmentation: notes about the user are looked up for each request and put before it.

One namespace a user, or one store for everybody (the deployment mistake that cross-user probes look
for). What is said in a session is written to the store and outlives the session.
Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

from inspect_ai.model import ChatMessage, ChatMessageSystem
from pydantic import PrivateAttr

from forwhom.systems.layer import Exchange, Happening, Layer, paradigm
from forwhom.systems.memory_store import MemoryStore, Note

_WRITTEN = ("say", "document", "feedback")


@paradigm(name="retrieval", stages=("context", "memory"), source="arXiv:2606.09038")
class Retrieval(Layer):
    """k: notes retrieved for a request. store: "isolated" (a namespace a user) or "shared".

    writes: whether what is said in a session is stored. Third parties' documents are stored in the
    namespace of the user in whose session they were shown.
    """

    k: int = 3
    store: Literal["isolated", "shared"] = "isolated"
    writes: bool = True
    _stores: dict[tuple[str, ...], MemoryStore] = PrivateAttr(default_factory=dict)

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        owner = None if self.store == "shared" else exchange.known.id
        found = await self._store(exchange).search(
            messages[-1].text, self.k, self._exchange_id(exchange), owner
        )
        if not found:
            return messages
        notes = "\n".join(f"- {note.text}" for note in found)
        told = f"{messages[0].text}\nNotes from earlier conversations:\n{notes}"
        return [ChatMessageSystem(content=told), *messages[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        owner = (happened.actor or exchange.known).id
        if happened.kind == "forget":
            await self._store(exchange).forget(owner, self._exchange_id(exchange))
        elif self.writes and happened.kind in _WRITTEN:
            provenance = "told" if happened.actor else "third_party"
            note = Note(happened.text, owner, happened.session, provenance)
            await self._store(exchange).write(note, self._exchange_id(exchange))

    def _exchange_id(self, exchange: Exchange) -> str:
        return str(exchange.notes.setdefault(f"{self.name}:id", uuid4().hex))

    def _store(self, exchange: Exchange) -> MemoryStore:
        # A user of whom an attribute is hidden has other notes than the same user in full.
        served = {user.id: user for user in exchange.population} | {exchange.known.id: exchange.known}
        key = (exchange.known.id, *(m.text for m in exchange.known.memories), *sorted(served))
        if key not in self._stores:
            users = [exchange.known] if self.store == "isolated" else list(served.values())
            self._stores[key] = MemoryStore(users)
        return self._stores[key]
