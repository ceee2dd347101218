"""Retrieval augmentation: notes about the user are looked up for each request and put before it.

One namespace a user, or one store for everybody (the deployment mistake that cross-user probes look
for). What is said in a session is written to the store and outlives the session.
Survey: arXiv:2606.09038. What a deletion leaves in derived copies: arXiv:2606.10062.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal
from uuid import uuid4

from inspect_ai.model import ChatMessage, ChatMessageUser
from pydantic import PrivateAttr

from forwhom.systems.layer import Asker, Exchange, Happening, Layer, paradigm, with_notes
from forwhom.systems.memory_store import MemoryStore, Note
from forwhom.users.user import Provenance

_SAID = ("say", "document", "feedback")
_NOTE_ASKED = "Write one short note of what to remember about the user from this conversation: {}"


@paradigm(name="retrieval", stages=("context", "memory"), source="arXiv:2606.09038")
class Retrieval(Layer):
    """k: notes retrieved for a request. store: "isolated" (a namespace a user) or "shared".

    writes: whether what is said in a session is stored. Third parties' documents are stored in the
    namespace of the user in whose session they were shown.
    trust: "told" passes over what third parties wrote. marks_provenance: whether the model reads where a
    note comes from, if the user did not tell it.
    summarizes: whether what was written in earlier sessions is read before every request as well, whole,
    from a running summary. deletes: where a request to forget reaches: "all", the "notes" and not the
    summary, or "nothing". answers: whether what the assistant answered is stored, too. notes: "said": what is
    said is stored as it is; "model": when a session ends the system's own model writes one note of it.
    """

    revision: ClassVar[int] = 2

    k: int = 3
    store: Literal["isolated", "shared"] = "isolated"
    writes: bool = True
    trust: Literal["all", "told"] = "all"
    marks_provenance: bool = False
    summarizes: bool = False
    deletes: Literal["all", "notes", "nothing"] = "all"
    answers: bool = False
    notes: Literal["said", "model"] = "said"
    _stores: dict[tuple[str, ...], MemoryStore] = PrivateAttr(default_factory=dict)

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        owner = None if self.store == "shared" else exchange.known.id
        without: Provenance | None = "third_party" if self.trust == "told" else None
        request = exchange.request or messages[-1].text
        near = await self._store(exchange).search(
            request, exchange.among(self.k), self._exchange_id(exchange), owner, without
        )
        found = [note for note in near if exchange.may_recall(note.text, note.provenance, note.session)]
        found = found[: self.k]
        summary = [
            note for note in self._summary(exchange)
            if note.session < exchange.session and owner in (None, note.owner) and note.provenance != without
            and exchange.may_recall(note.text, note.provenance, note.session)
        ]  # fmt: skip
        told = messages[0].text
        if summary:
            told += "\nSummary of earlier conversations:\n"
            told += " ".join(self._line(note, exchange) for note in summary)
        lines = [f"- {self._line(note, exchange)}" for note in found]
        return [with_notes(told, lines), *messages[1:]] if summary or found else messages

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        owner = (happened.actor or exchange.known).id
        if happened.kind == "forget":
            await self._forget(owner, happened.text, exchange)
        elif happened.kind == "edit_profile" or (self.writes and happened.kind in self._stored_kinds):
            provenance: Provenance = "told" if happened.actor else "third_party"
            if happened.kind == "answer":
                provenance = "inferred"
            note = Note(happened.as_note, owner, happened.session, provenance)
            if self.notes == "said" or happened.kind == "edit_profile":
                await self._write(note, exchange)
            else:
                exchange.notes.setdefault(f"{self.name}:unwritten", []).append(note)

    async def end_session(self, exchange: Exchange, asker: Asker) -> None:
        unwritten: list[Note] = exchange.notes.pop(f"{self.name}:unwritten", [])
        if not unwritten:
            return
        told = " ".join(note.text for note in unwritten)
        reply = await asker.answer([ChatMessageUser(content=_NOTE_ASKED.format(told))])
        if text := " ".join(reply.text.split()):
            await self._write(Note(text, exchange.known.id, exchange.session, "inferred"), exchange)

    async def _write(self, note: Note, exchange: Exchange) -> None:
        await self._store(exchange).write(note, self._exchange_id(exchange))
        self._summary(exchange).append(note)

    async def stored(self, exchange: Exchange) -> list[str]:
        notes = await self._store(exchange).all(exchange.known.id, self._exchange_id(exchange))
        return [note.text for note in [*notes, *self._summary(exchange)]]

    async def residue(self, text: str, exchange: Exchange) -> list[str]:
        """ "notes": what a search can find; "summary": what is read before every request."""
        owner = None if self.store == "shared" else exchange.known.id
        notes = await self._store(exchange).all(owner, self._exchange_id(exchange))
        summary = (note for note in self._summary(exchange) if owner in (None, note.owner))
        return ["notes"] * _names(notes, text) + ["summary"] * _names(summary, text)

    async def _forget(self, owner: str, text: str, exchange: Exchange) -> None:
        if self.deletes != "nothing":
            await self._store(exchange).forget(owner, text, self._exchange_id(exchange))
        if self.deletes == "all":
            summary = self._summary(exchange)
            summary[:] = [note for note in summary if note.owner != owner or text not in note.text]

    @property
    def _stored_kinds(self) -> tuple[str, ...]:
        return (*_SAID, "answer") if self.answers else _SAID

    def _line(self, note: Note, exchange: Exchange) -> str:
        text = exchange.worded(note.text, note.provenance)
        is_marked = self.marks_provenance and note.provenance != "told"
        return f"({note.provenance.replace('_', ' ')}) {text}" if is_marked else text

    def _summary(self, exchange: Exchange) -> list[Note]:
        """What was written in this exchange, where that is summarized."""
        summary: list[Note] = exchange.notes.setdefault(f"{self.name}:summary", [])
        return summary if self.summarizes else []

    def _exchange_id(self, exchange: Exchange) -> str:
        return str(exchange.notes.setdefault(f"{self.name}:id", uuid4().hex))

    def _store(self, exchange: Exchange) -> MemoryStore:
        # Of those whom the store serves; what was entered since is written to it. A user of whom an
        # attribute is hidden has other notes than the same user in full.
        known = exchange.known_at_first
        served = {user.id: user for user in exchange.population} | {known.id: known}
        key = (known.id, *(m.text for m in known.memories), *sorted(served))
        if key not in self._stores:
            users = [known] if self.store == "isolated" else list(served.values())
            self._stores[key] = MemoryStore(users)
        return self._stores[key]


def _names(notes: Iterable[Note], text: str) -> bool:
    return any(text in note.text for note in notes)
