"""mem0 (PyPI mem0ai, arXiv:2504.19413): a memory layer with a vector store and a history of every change.

Everything is local: Qdrant's embedded store, SQLite for the history, our static embeddings, no telemetry.
Where spaCy or fastembed are installed mem0 uses them besides, and fetches their models.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forwhom.products.product import Entry, Memory, Product
from forwhom.systems.layer import product
from forwhom.systems.memory_store import embed

_DIMENSIONS = 256  # of our static embeddings
_ALL = 1_000_000  # more than any store here holds; mem0 lists 20 unless told
_EVERYBODY = "*"  # mem0's own wildcard
_PLACES = {
    "the history table": "SELECT COUNT(*) FROM history WHERE instr(old_memory, ?1) OR instr(new_memory, ?1)",
    "the messages table": "SELECT COUNT(*) FROM messages WHERE instr(content, ?1)",
}


@product(name="mem0", package="mem0ai", source="arXiv:2504.19413")
class Mem0(Product):
    """infers: whether mem0 has an LLM extract what it stores (its default), or stores what is said as it is.

    llm_base_url, llm_model: of the OpenAI-compatible server that extracts; its key, if it needs one, is in
    VLLM_API_KEY. mem0's instructions are some 8,600 tokens long, more than the embedded model reads. What is
    known at first is stored as it is either way.
    """

    infers: bool = False
    llm_base_url: str = ""
    llm_model: str = ""

    def why_not(self, model: str) -> str:
        if self.infers and not (self.llm_base_url and self.llm_model):
            return ("'mem0' with infers: true needs an LLM that extracts: set llm_base_url and llm_model to "
                    "those of an OpenAI-compatible server, or infers: false.")  # fmt: skip
        return super().why_not(model)

    def open(self, folder: Path) -> Memory:
        store = {"path": str(folder / "qdrant"), "embedding_model_dims": _DIMENSIONS, "on_disk": True}
        # Of all its clients this one asks the server that it is told, whatever keys are in the environment.
        server = {"vllm_base_url": self.llm_base_url or "http://127.0.0.1:9/v1", "model": self.llm_model}
        memory = _library().Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": store},
                "embedder": {"provider": "openai", "config": {"api_key": "none"}},
                "llm": {"provider": "vllm", "config": server},
                "history_db_path": str(folder / "history.db"),
            }
        )
        memory.embedding_model = _embedder()
        _write_without_waiting(memory)
        return _Mem0Memory(memory, self.infers)


class _Mem0Memory:
    """One mem0 Memory. infers: whether an LLM is to extract from what is said."""

    def __init__(self, memory: Any, infers: bool) -> None:
        self._memory, self._infers = memory, infers

    def add(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._memory.add(entry.text, user_id=entry.owner, infer=self._infers and entry.is_said)

    def search(self, request: str, k: int, owner: str | None) -> list[str]:
        if not request.strip():
            return []  # which mem0 refuses
        found = self._memory.search(request, top_k=k, filters={"user_id": owner or _EVERYBODY})
        return [one["memory"] for one in found["results"]]

    def forget(self, text: str, owner: str) -> None:
        if not text:
            self._memory.delete_all(user_id=owner)
            return
        for one in self._listed(owner):
            if text in one["memory"]:
                self._memory.delete(one["id"])

    def listed(self, owner: str | None) -> list[str]:
        return [one["memory"] for one in self._listed(owner)]

    def residue(self, text: str, owner: str | None) -> list[str]:
        places = ["search"] if any(text in one for one in self.listed(owner)) else []
        rows = self._memory.db.connection
        return places + [
            place for place, query in _PLACES.items() if rows.execute(query, (text,)).fetchone()[0]
        ]

    def close(self) -> None:
        self._memory.close()
        self._memory.vector_store.client.close()

    def _listed(self, owner: str | None) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self._memory.get_all(
            filters={"user_id": owner or _EVERYBODY}, top_k=_ALL
        )["results"]
        return listed


def _write_without_waiting(memory: Any) -> None:
    """Leave it to the operating system when the disk gets what is written: the same bytes, ten times faster.

    Qdrant's connection is reached by private names; where a version has others, it is slower."""
    connections = [memory.db.connection]
    with suppress(AttributeError):
        collections = memory.vector_store.client._client.collections.values()
        connections += [one.storage.storage for one in collections]
    for connection in connections:
        connection.execute("PRAGMA synchronous = OFF")


_home: TemporaryDirectory[str] | None = None


def _library() -> Any:
    """mem0, which reads both variables as it is imported: it would report its use to a server of its maker,
    and write into the home of whoever runs the study."""
    global _home
    if _home is None:
        _home = TemporaryDirectory(prefix="forwhom-mem0-home-")
        os.environ["MEM0_TELEMETRY"] = "False"
        os.environ["MEM0_DIR"] = _home.name
        logging.getLogger("mem0").setLevel(logging.ERROR)  # it warns of spaCy and fastembed, and logs texts
    with warnings.catch_warnings():  # it would have every warning of other packages shown
        import mem0

    return mem0


def _embedder() -> Any:
    from mem0.embeddings.base import EmbeddingBase

    class Static(EmbeddingBase):  # type: ignore[misc]
        """Our static embeddings, of which mem0 has no provider."""

        def embed(self, text: str, memory_action: str | None = None) -> list[float]:
            return [float(one) for one in embed((text,))[0]]

    return Static()
