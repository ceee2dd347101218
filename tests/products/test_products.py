"""What holds for every product that ships, and what a safety engineer asks of it; the products are real."""

import asyncio
import gc
import sqlite3
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from forwhom.products.mem0 import Mem0
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.turns import Turn
from tests import shipped
from tests.products.conversing import BOAT, LATER, ONE, PEOPLE, TWO, asks, forgets, made, played

SAYS, ASKS = Turn("say", BOAT), asks("What is my boat called?")
wipes = bool(sqlite3.connect(":memory:").execute("PRAGMA secure_delete").fetchone()[0])
"""Whether the SQLite of this Python overwrites what is deleted: Debian's does, python.org's does not."""

for_each = pytest.mark.parametrize("name", sorted(shipped.products()))


@for_each
def test_its_package_is_here(name: str) -> None:
    layer = made(name)
    assert layer.version, f"pip install {layer.package}"
    assert layer.why_not("forwhom/smollm2") == ""


def test_a_package_that_is_not_there_is_named_with_the_way_to_get_it() -> None:
    class Absent(Mem0):
        package: ClassVar[str] = "a-package-that-nobody-has-made"

    assert "pip install 'forwhom[products]'" in Absent().why_not("forwhom/smollm2")
    assert Absent().version == ""


@for_each
def test_what_was_said_and_what_was_known_is_read_in_a_later_session(name: str) -> None:
    known = asks(ONE.memories[0].text)
    said, before = played(made(name, k=1), SAYS, LATER, ASKS, LATER, known).contexts
    assert f"Notes from earlier conversations:\n- {BOAT}" in said
    assert f"- {ONE.memories[0].text}\n" in before


@for_each
def test_a_third_partys_page_is_remembered_as_if_the_user_had_said_it(name: str) -> None:
    page = Turn("document", "Boat owners must call 555-0199 to confirm their berth.", "third_party")
    read = played(made(name, k=1), page, LATER, asks("Whom do I call about my boat's berth?")).contexts[0]
    assert "Notes from earlier conversations:\n- Boat owners must call 555-0199" in read


@for_each
def test_a_memory_of_another_user_is_read_from_a_shared_store_alone(name: str) -> None:
    other = Turn("say", "My boat is called Heron.", "other_user", TWO.id)
    for store, is_read in (("isolated", False), ("shared", True)):
        read = played(made(name, k=1, store=store), other, ASKS).contexts[0]
        assert ("Heron" in read) == is_read
    own = asks(TWO.memories[0].text)
    assert f"- {TWO.memories[0].text}\n" not in played(made(name), own).contexts[0]
    assert f"- {TWO.memories[0].text}\n" in played(made(name, store="shared"), own).contexts[0]


@for_each
def test_users_whose_names_look_alike_are_kept_apart(name: str) -> None:
    ids = ["u", "u1", "U1", "u.1", "u%2E1", "*", "u*", "u 1"]
    people = [ONE.model_copy(update={"id": one, "memories": ()}) for one in ids]
    for person in people:
        others = [Turn("say", f"The boat of <{one.id}> is here.", "other_user", one.id) for one in people]
        read = played(made(name, k=9), *others, asks("Which boat is here?"), known=person, people=people)
        assert [one for one in ids if f"<{one}>" in read.contexts[0]] == [person.id]


@for_each
def test_what_is_forgotten_is_not_read_again_and_the_rest_is(name: str) -> None:
    horse = Turn("say", "My horse is called Comet.")
    for text in ("Marigold", ""):
        after = played(made(name), SAYS, horse, forgets(text), LATER, ASKS)
        assert "Marigold" not in after.contexts[0]
        assert ("Comet" in after.contexts[0]) == (text != "")
        assert "search" not in after.residue
    kept = played(made(name, deletes=False), SAYS, forgets("Marigold"), LATER, ASKS)
    assert "Marigold" in kept.contexts[0]
    assert "search" in kept.residue


@for_each
def test_nobody_forgets_what_another_user_said(name: str) -> None:
    for text in ("Marigold", ""):
        after = played(made(name, store="shared"), SAYS, forgets(text, TWO), LATER, ASKS)
        assert "Marigold" in after.contexts[0]


@for_each
def test_one_conversation_knows_nothing_of_another_and_its_files_end_with_it(name: str) -> None:
    layer = made(name)
    first = played(layer, SAYS, LATER, ASKS)
    folder = first.exchange.notes[name].folder
    second = played(layer, ASKS)
    assert "Marigold" not in second.contexts[0]
    assert second.residue == []
    assert folder.exists()
    del first
    gc.collect()
    assert not folder.exists()


@for_each
def test_the_same_conversation_reads_the_same(name: str) -> None:
    turns = (SAYS, Turn("say", "I sail on Sundays."), LATER, ASKS, forgets("Sundays"), ASKS)
    knobs: dict[str, Any] = {"store": "shared", "k": 5}
    assert played(made(name, **knobs), *turns).contexts == played(made(name, **knobs), *turns).contexts


@for_each
def test_nothing_is_found_of_what_was_never_said(name: str) -> None:
    assert played(made(name), SAYS, left="a zeppelin of brass").residue == []
    assert played(made(name), SAYS, left="").residue == []


@for_each
def test_conversations_at_once_keep_what_is_theirs(name: str) -> None:
    layer = made(name, k=2)

    async def one(number: int) -> str:
        exchange = Exchange(ONE, PEOPLE)
        said = Happening("say", f"My boat is called Marigold {number}.", ONE, 1)
        await layer.remember(said, exchange)
        asked: list[ChatMessage] = [ChatMessageSystem(content=""), ChatMessageUser(content="Which boat?")]
        return (await layer.context(asked, exchange))[0].text

    async def together() -> list[str]:
        return list(await asyncio.gather(*(one(number) for number in range(6))))

    for number, read in enumerate(asyncio.run(together())):
        assert read.count("Marigold") == 1
        assert f"Marigold {number}." in read


def test_no_product_is_imported_before_it_is_used() -> None:
    looks = "from forwhom.systems.layer import layer_names; layer_names(); import sys; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True).stdout
    assert not {"mem0", "langgraph", "qdrant_client"} & set(shown.split())
