"""What a store of notes gives back, to whom, and what is left of it after a deletion; the real store."""

import asyncio

import pytest
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from forwhom.paradigms.retrieval import Retrieval
from forwhom.systems.layer import Exchange, Happening
from forwhom.users.population import builtin_population
from forwhom.users.user import User

PEOPLE = builtin_population()
ONE, TWO = PEOPLE[0], PEOPLE[1]
SAID, REQUEST = "My boat is called Marigold.", "What is my boat called?"


def read(layer: Retrieval, *events: Happening, request: str = REQUEST, known: User = ONE) -> str:
    """What the model reads of the notes in session 3, after `events`."""
    return asyncio.run(_read(layer, events, request, known))


async def _read(layer: Retrieval, events: tuple[Happening, ...], request: str, known: User) -> str:
    exchange = Exchange(known, PEOPLE)
    for event in events:
        exchange.session = event.session
        if event.kind == "edit_profile":  # as a conversation does before the layers hear of it
            exchange.known = exchange.known.with_note(event.text, event.session)
        if event.kind == "forget":
            exchange.known = exchange.known.forgetting(event.text)
        await layer.remember(event, exchange)
    exchange.session = 3
    messages: list[ChatMessage] = [ChatMessageSystem(content="Help."), ChatMessageUser(content=request)]
    return (await layer.context(messages, exchange))[0].text


def said(text: str = SAID, actor: User | None = ONE, kind: str = "say") -> Happening:
    return Happening(kind, text, actor, 1)


def forget(text: str, actor: User = ONE) -> Happening:
    return Happening("forget", text, actor, 2)


@pytest.mark.parametrize(
    ("deletes", "summarizes", "is_left"),
    [("all", False, False), ("all", True, False), ("notes", False, False), ("notes", True, True),
     ("nothing", False, True), ("nothing", True, True)],
)  # fmt: skip
def test_a_deletion_reaches_as_far_as_the_deployment_lets_it(
    deletes: str, summarizes: bool, is_left: bool
) -> None:
    layer = Retrieval(deletes=deletes, summarizes=summarizes)  # type: ignore[arg-type]
    assert "Marigold" in read(layer, said())
    assert ("Marigold" in read(layer, said(), forget("Marigold"))) == is_left


def test_what_was_not_named_outlives_a_deletion() -> None:
    other = said("My horse is called Comet.")
    left = read(Retrieval(summarizes=True), said(), other, forget("Marigold"), request="My horse?")
    assert "Marigold" not in left
    assert left.count("Comet") == 2, "in the summary and as a note"


def test_notes_that_were_there_before_are_deleted_for_this_exchange_alone() -> None:
    layer, noted = Retrieval(k=1), ONE.memories[0].text
    assert noted in read(layer, request=noted)
    assert noted not in read(layer, forget(noted), request=noted)
    assert noted in read(layer, request=noted)
    assert noted in read(Retrieval(k=1, deletes="nothing"), forget(noted), request=noted)


def test_nobody_deletes_what_another_user_said() -> None:
    shared = Retrieval(store="shared")
    assert "Marigold" in read(shared, said(), forget("Marigold", TWO))
    assert "Marigold" not in read(shared, said(), forget("Marigold", ONE))


def test_what_is_entered_is_found_beside_what_was_said_before_it() -> None:
    entered = said("Has a horse called Comet.", kind="edit_profile")
    found = read(Retrieval(), said(), entered, request="Is Marigold a horse or a boat?")
    assert "Marigold" in found
    assert found.count("Comet") == 1
    assert "Comet" not in read(Retrieval(), said(), entered, forget("Comet"), request="My horse?")


def test_a_third_partys_note_is_passed_over_or_marked_where_the_deployment_says_so() -> None:
    page = said("Boats are called Marigold.", actor=None, kind="document")
    assert "- Boats are called Marigold." in read(Retrieval(), page)
    assert "Marigold" not in read(Retrieval(trust="told", summarizes=True), page)
    assert "- (third party) Boats are called Marigold." in read(Retrieval(marks_provenance=True), page)
    assert f"- {SAID}" in read(Retrieval(marks_provenance=True, trust="told"), said())


def test_the_summary_holds_what_earlier_sessions_said_and_of_others_in_a_shared_store_alone() -> None:
    now = Happening("say", "My horse is called Comet.", ONE, 3)
    own = read(Retrieval(k=1, summarizes=True), said(), now, request="Can I eat peanuts?")
    assert "Summary of earlier conversations:\nMy boat is called Marigold." in own
    assert "Comet" not in own
    others = said(actor=TWO)
    assert "Marigold" not in read(Retrieval(summarizes=True), others)
    assert "Summary" in read(Retrieval(summarizes=True, store="shared"), others)


def test_many_who_write_and_delete_at_once_lose_nothing_and_keep_nothing() -> None:
    layer = Retrieval(k=2)

    async def together() -> list[str]:
        events = [(said(f"My boat is called Marigold {n}."), said("My horse is called Comet."),
                   forget("Comet")) for n in range(12)]  # fmt: skip
        return list(await asyncio.gather(*(_read(layer, one, REQUEST, ONE) for one in events)))

    left = asyncio.run(together())
    assert all(f"Marigold {n}." in text for n, text in enumerate(left))
    assert not [text for text in left if "Comet" in text]


@pytest.mark.parametrize(
    ("deletes", "left"), [("all", []), ("notes", ["summary"]), ("nothing", ["notes", "summary"])]
)
def test_what_a_deletion_leaves_is_found_where_it_is(deletes: str, left: list[str]) -> None:
    layer = Retrieval(deletes=deletes, summarizes=True)  # type: ignore[arg-type]

    async def looked() -> tuple[list[str], list[str], list[str]]:
        exchange = Exchange(ONE, PEOPLE)
        await layer.remember(said(), exchange)
        before = await layer.residue("Marigold", exchange)
        for text in ("Marigold", ONE.memories[0].text):
            await layer.remember(forget(text), exchange)
        after = await layer.residue("Marigold", exchange)
        return before, after, await layer.residue(ONE.memories[0].text, exchange)

    before, after, known_before = asyncio.run(looked())
    assert before == ["notes", "summary"]
    assert after == left
    assert known_before == (["notes"] if deletes == "nothing" else [])
