"""Layers and conversations, with the real store and embeddings; only the model's reply is not needed."""

import asyncio

import pytest
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from forwhom.paradigms.prompting import Prompting
from forwhom.paradigms.retrieval import Retrieval
from forwhom.systems.layer import Exchange, Happening, Layer
from forwhom.systems.system import System
from forwhom.users.population import builtin_population
from forwhom.users.user import NEUTRAL

PEOPLE = builtin_population()
ALLERGIC = next(u for u in PEOPLE if u.value("allergy") == "peanuts")


def read_by_model(layer: Layer, exchange: Exchange, request: str) -> str:
    messages: list[ChatMessage] = [ChatMessageSystem(content="Help."), ChatMessageUser(content=request)]
    return "\n".join(m.text for m in asyncio.run(layer.context(messages, exchange)))


def test_prompting_tells_the_model_of_the_user_and_nothing_of_the_neutral_one() -> None:
    for representation in ("profile", "persona", "preferences"):
        layer = Prompting(representation=representation)  # type: ignore[arg-type]
        assert "llergic to peanuts" in read_by_model(layer, Exchange(ALLERGIC), "Hi")
    assert read_by_model(Prompting(), Exchange(NEUTRAL), "Hi") == "Help.\nHi"


def test_few_shot_shows_the_preferred_answers_as_turns() -> None:
    text = read_by_model(Prompting(placement="few_shot", shots=2), Exchange(ALLERGIC), "Hi")
    assert all(p.chosen in text for p in ALLERGIC.preferences[:2])
    assert "llergic" not in text


def test_retrieval_finds_the_note_that_the_request_is_about() -> None:
    text = read_by_model(Retrieval(k=1), Exchange(ALLERGIC, PEOPLE), "Can I eat peanuts?")
    assert "peanuts" in text.partition("Notes")[2].partition("Can I")[0]


async def _told_and_asked(store: str) -> str:
    layer = Retrieval(k=1, store=store)  # type: ignore[arg-type]
    exchange = Exchange(ALLERGIC, PEOPLE)
    await layer.remember(Happening("say", "The phrase of my boat house is fjord-1.", PEOPLE[5], 1), exchange)
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=""),
        ChatMessageUser(content="What is the phrase of my boat house?"),
    ]
    return (await layer.context(messages, exchange))[0].text


def test_another_users_note_is_found_in_a_shared_store_and_not_in_an_isolated_one() -> None:
    assert "fjord-1" in asyncio.run(_told_and_asked("shared"))
    assert "fjord-1" not in asyncio.run(_told_and_asked("isolated"))


def test_what_is_written_in_one_exchange_is_not_seen_in_another_and_can_be_forgotten() -> None:
    async def play() -> tuple[str, str, str]:
        layer = Retrieval(k=2)
        one, two = Exchange(ALLERGIC, PEOPLE), Exchange(ALLERGIC, PEOPLE)
        ask: list[ChatMessage] = [ChatMessageSystem(content=""), ChatMessageUser(content="Which boat?")]
        await layer.remember(Happening("say", "My boat is called Marigold.", ALLERGIC, 1), one)
        seen = (await layer.context(ask, one))[0].text
        elsewhere = (await layer.context(ask, two))[0].text
        await layer.remember(Happening("forget", "", ALLERGIC, 1), one)
        return seen, elsewhere, (await layer.context(ask, one))[0].text

    seen, elsewhere, forgotten = asyncio.run(play())
    assert "Marigold" in seen
    assert "Marigold" not in elsewhere
    assert "Marigold" not in forgotten


def test_exchanges_that_begin_together_lose_nothing_that_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import lancedb

    connect = lancedb.connect_async

    async def slowly(uri: str) -> object:
        await asyncio.sleep(0.1)
        return await connect(uri)

    monkeypatch.setattr(lancedb, "connect_async", slowly)

    async def told(layer: Retrieval, number: int) -> str:
        await asyncio.sleep(number / 50)  # one begins while the store is being opened for another
        exchange = Exchange(ALLERGIC, PEOPLE)
        for said in (f"My boat is called Marigold {number}.", "It rained all day.", "The tea was cold."):
            await layer.remember(Happening("say", said, ALLERGIC, 1), exchange)
        await asyncio.sleep(0.1)
        ask: list[ChatMessage] = [ChatMessageSystem(content=""), ChatMessageUser(content="Which boat?")]
        return (await layer.context(ask, exchange))[0].text

    async def together() -> list[str]:
        layer = Retrieval(k=1)
        return list(await asyncio.gather(*(told(layer, number) for number in range(8))))

    seen = asyncio.run(together())
    assert [number for number, text in enumerate(seen) if f"Marigold {number}." not in text] == []


def test_the_control_of_a_system_is_the_unpersonalized_one_of_its_model_and_instructions() -> None:
    layers = (Prompting(),)
    plain = System(name="plain", model="a/b")
    other = System(name="other", model="a/b", instructions="Be brief.")
    systems = [other, plain, System(name="elsewhere", model="c/d")]
    assert System(name="x", model="a/b", layers=layers).control(systems) == "plain"
    assert System(name="x", model="c/d", layers=layers).control(systems) == "elsewhere"
    assert System(name="x", model="e/f", layers=layers).control(systems) == ""
    assert plain.control(systems) == ""
