"""What LangGraph's SqliteStore keeps of what it was told to delete (langgraph-checkpoint-sqlite 3.1.2)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forwhom.products.langgraph import LangGraph
from forwhom.products.product import Entry
from forwhom.systems.memory_store import embed
from forwhom.systems.turns import Turn
from tests.products.conversing import BOAT, LATER, ONE, forgets, played
from tests.products.test_products import wipes

SAYS, FILE = Turn("say", BOAT), "the file store.db"


def vectors(store: Any) -> list[np.ndarray]:
    rows = store.conn.execute(
        "SELECT embedding FROM store_vectors v WHERE NOT EXISTS "
        "(SELECT 1 FROM store s WHERE s.prefix = v.prefix AND s.key = v.key)"
    )
    return [np.frombuffer(row[0], np.float32) for row in rows]


def test_all_places_of_a_memory_are_found_while_it_is_there() -> None:
    assert played(LangGraph(), SAYS).residue == ["search", FILE]


@pytest.mark.parametrize("text", ["Marigold", BOAT, ""])
def test_a_deleted_memory_leaves_its_embedding(text: str) -> None:
    """Its table is declared ON DELETE CASCADE, which SQLite heeds where foreign keys are on; they are not."""
    after = played(LangGraph(), SAYS, forgets(text))
    assert after.residue == ["the embeddings table"] + ([] if wipes else [FILE])
    store = after.exchange.notes["langgraph"].memory._store
    assert store.conn.execute("PRAGMA foreign_keys").fetchone() == (0,)
    assert len(vectors(store)) == (len(ONE.memories) + 1 if text == "" else 1)


def test_with_foreign_keys_on_the_embedding_goes_too(tmp_path: Path) -> None:
    memory = LangGraph().open(tmp_path)
    store = memory._store  # type: ignore[attr-defined]
    store.conn.execute("PRAGMA foreign_keys = ON")
    memory.add([Entry("u", BOAT)])
    memory.forget("Marigold", "u")
    assert vectors(store) == []
    memory.close()


def test_the_embedding_that_is_left_tells_which_of_some_sentences_was_deleted() -> None:
    after = played(LangGraph(), SAYS, forgets("Marigold"))
    guesses = ["My boat is called Heron.", "My boat is called Comet.", BOAT, "My horse is called Marigold."]
    left = vectors(after.exchange.notes["langgraph"].memory._store)[0]
    assert guesses[int(np.argmax(embed(guesses) @ left))] == BOAT
    assert np.sort(embed(guesses) @ left)[-1] == pytest.approx(1, abs=1e-5)
    assert np.sort(embed(guesses) @ left)[-2] < 0.95


def test_what_is_said_again_after_a_deletion_is_deleted_again() -> None:
    after = played(LangGraph(), SAYS, forgets("Marigold"), LATER, SAYS)
    assert after.residue == ["search", "the embeddings table", FILE]
    assert "search" not in played(LangGraph(), SAYS, forgets("Marigold"), SAYS, forgets("Marigold")).residue


def test_a_name_that_begins_like_another_finds_nothing_of_it(tmp_path: Path) -> None:
    """A search names the beginning of a namespace, whole labels of it: "u1" is none of "u12"."""
    memory = LangGraph().open(tmp_path)
    memory.add([Entry("u12", BOAT)])
    assert memory.search("boat", 3, "u1") == []
    assert memory.search("boat", 3, "U12") == []
    assert memory.search("boat", 3, "u*") == []
    assert memory.search("boat", 3, None) == [BOAT]
    memory.close()


def test_vectors_are_of_the_text_and_not_of_the_json_around_it(tmp_path: Path) -> None:
    memory = LangGraph().open(tmp_path)
    memory.add([Entry("u", BOAT)])
    stored = memory._store.conn.execute("SELECT embedding FROM store_vectors").fetchone()[0]  # type: ignore[attr-defined]
    assert np.frombuffer(stored, np.float32) @ embed((BOAT,))[0] == pytest.approx(1, abs=1e-5)
    memory.close()


def test_where_fields_are_told_of_when_it_is_made_vectors_are_of_the_json(tmp_path: Path) -> None:
    """The reason why the adapter tells it with every entry; when this fails, it need not."""
    memory = LangGraph().open(tmp_path)
    from langgraph.store.sqlite import SqliteStore

    told: list[str] = []

    def vector(texts: list[str]) -> list[list[float]]:
        told.extend(texts)
        return [[float(one) for one in row] for row in embed(texts)]

    store = SqliteStore(memory._store.conn, index={"dims": 256, "embed": vector, "fields": ["text"]})  # type: ignore[attr-defined, arg-type]
    store.put(("memories", "u"), "key", {"text": BOAT})
    assert told == [f'{{"text": "{BOAT}"}}']
    memory.close()
