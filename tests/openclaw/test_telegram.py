"""People write by OpenClaw's own Telegram channel, whose other side is a Bot API on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from forwhom.openclaw.agent import LiveAgent
from forwhom.openclaw.layer import OpenClaw
from forwhom.openclaw.model_server import ModelServer
from forwhom.openclaw.telegram import OWNER_NUMBER, Telegram, channel
from tests.openclaw.conftest import PERSON


def called(api: Telegram, bot: str, method: str, **given: object) -> dict[str, object]:
    sent = Request(f"{api.url}/bot{bot}/{method}", json.dumps(given).encode(), method="POST")
    with urlopen(sent, timeout=10) as answer:
        told: dict[str, object] = json.loads(answer.read())
        return told


@pytest.fixture
def api() -> Iterator[Telegram]:
    server = Telegram()
    yield server
    server.stop()


def bot_of(agent: str) -> str:
    accounts = channel("", {agent: ""})["channels"]["telegram"]["accounts"]
    return str(accounts[agent]["botToken"])


def test_a_bot_is_given_what_was_written_to_it_and_to_no_other(api: Telegram) -> None:
    api.write("one", 7, "Hello.")
    (update,) = called(api, bot_of("one"), "getUpdates", timeout=5)["result"]  # type: ignore[misc]
    assert (update["message"]["text"], update["message"]["from"]["id"]) == ("Hello.", 7)
    assert called(api, bot_of("two"), "getUpdates", timeout=0)["result"] == []
    last = update["update_id"]
    assert called(api, bot_of("one"), "getUpdates", timeout=0)["result"] == [update]
    assert called(api, bot_of("one"), "getUpdates", timeout=0, offset=last + 1)["result"] == []


def test_a_poll_ends_as_soon_as_something_is_written(api: Telegram) -> None:
    threading.Timer(0.2, api.write, ("one", 7, "Hello.")).start()
    began = time.monotonic()
    assert called(api, bot_of("one"), "getUpdates", timeout=20)["result"]
    assert time.monotonic() - began < 5


def test_what_a_bot_says_is_read_as_a_person_reads_it(api: Telegram) -> None:
    html = {"chat_id": "7", "text": "<b>a &lt; b</b>", "parse_mode": "HTML"}
    assert called(api, bot_of("one"), "sendMessage", **html)["ok"]
    called(api, bot_of("one"), "sendMessage", chat_id=7, text="<b>")
    assert api.told_after("one", 7, 0) == ["a < b", "<b>"]
    assert api.told_after("one", 8, 0) == api.told_after("two", 7, 0) == []


@pytest.fixture(scope="module")
def by_telegram(layer: OpenClaw) -> Iterator[OpenClaw]:
    own = layer.model_copy(update={"through": "telegram", "dm_scope": "per-channel-peer", "copies": 2})
    yield own
    own._pool().stop()


@pytest.mark.openclaw
def test_openclaw_knows_its_senders_and_says_who_wrote_what(
    by_telegram: OpenClaw, model: ModelServer
) -> None:
    agent = LiveAgent(by_telegram._pool(), by_telegram._routes(), PERSON, "nothing")
    assert agent.say("The word for my shed is quince.").text == "Noted."
    agent.say("The word for my shed is walnut.", "a guest")
    own, others = (
        agent.say("What is the word for my shed?"),
        agent.say("What is the word for my shed?", "a guest"),
    )
    assert own.text == "The word for my shed is quince."
    assert others.text == "The word for my shed is walnut."
    assert "MEMORY.md" in own.injected
    told = agent._connection(owner=True).history(agent._key(""))
    assert {one["__openclaw"]["senderIsOwner"] for one in told if one["role"] == "user"} == {True}
    told = agent._connection(owner=True).history(agent._key("a guest"))
    assert {one["__openclaw"].get("senderIsOwner", False) for one in told if one["role"] == "user"} == {False}
    sent = json.dumps(model.requests[-1]["body"], ensure_ascii=False)
    assert f'\\"sender\\":{{\\"id\\":\\"{OWNER_NUMBER + 1}\\"' in sent


@pytest.mark.openclaw
def test_what_a_guest_has_it_remember_takes_the_owners_memory_away(by_telegram: OpenClaw) -> None:
    """As OpenClaw 2026.9.6 does it: memory that a stranger's turn has written is no longer injected."""
    agent = LiveAgent(by_telegram._pool(), by_telegram._routes(), PERSON, "nothing")
    agent.say("Please remember this: the wifi is called Magpie.", "a guest")
    said = agent.say("What is the wifi called?")
    assert "MEMORY.md" not in said.injected
    assert "Kestrel" not in said.text
