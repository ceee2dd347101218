"""Any OpenAI-compatible server in place of the embedded model: llama.cpp's own, on loopback, through
Inspect's own provider, with nothing else to be reached."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
import tiktoken
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, Model, get_model

from forwhom.errors import InputError
from forwhom.systems.answering import Answerer
from forwhom.systems.models.reachable import check_reachable
from forwhom.systems.models.weights import gguf_path
from forwhom.systems.reply import Reply
from tests.loopback import JsonHandler, only_loopback

NAME = "openai-api/local/smollm2"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a real server; it stops when the last reference to it goes."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf_path())
    params.hostnames, params.port = ["127.0.0.1"], 0  # a free one
    params.n_ctx, params.n_parallel = 4096, 2
    params.api_keys = ["a key"]
    params.warmup, params.verbosity = False, -1
    running = xllamacpp.Server(params)
    address = running.listening_address
    assert address.startswith("http://127.0.0.1:")
    yield address
    del running
    assert not answers(address)


@pytest.fixture(autouse=True)
def stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    only_loopback(monkeypatch)

    def fetches(*_: object) -> None:
        raise AssertionError("tiktoken fetches its vocabulary from the network")

    monkeypatch.setattr(tiktoken, "get_encoding", fetches)
    monkeypatch.setattr(tiktoken, "encoding_for_model", fetches)
    for name in ("LOCAL_BASE_URL", "LOCAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def answers(address: str) -> bool:
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def asked(request: str) -> list[ChatMessage]:
    return [ChatMessageSystem(content="You are a helpful assistant."), ChatMessageUser(content=request)]


def reply(address: str, request: str, *options: str, key: str = "a key") -> Reply:
    async def ask() -> Reply:
        model: Model = get_model(NAME, base_url=f"{address}/v1", api_key=key, memoize=False)
        try:
            return await Answerer(model, max_tokens=24).answer(asked(request), options)
        finally:
            await model.api.aclose()

    return asyncio.run(ask())


def test_it_writes_an_answer(server: str) -> None:
    written = reply(server, "Name three fruits.")
    assert "apple" in written.text.lower()
    assert written.method == "text"
    assert 0 < written.tokens_out <= 24
    again = reply(server, "Name three fruits.")
    assert again.tokens_in == written.tokens_in  # however much of it the server had in its cache
    assert again.tokens_cached > 0


def test_options_are_scored_by_letter_whatever_their_order(server: str) -> None:
    for options in (("Yes.", "No."), ("No.", "Yes.")):
        scored = reply(server, "Say yes.", *options)
        assert scored.method == "letter log-probability, 2 orders"
        assert sum(scored.probabilities) == pytest.approx(1)
        assert scored.text == "Yes."
        assert scored.probabilities[options.index("Yes.")] > 0.54


def test_rotating_the_options_rotates_their_probabilities(server: str) -> None:
    first = reply(server, "What do you drink?", "Water.", "Stones.", "Air.")
    second = reply(server, "What do you drink?", "Stones.", "Air.", "Water.")
    assert sum(first.probabilities) == pytest.approx(1)
    rotated = (second.probabilities[2], *second.probabilities[:2])
    assert first.probabilities == pytest.approx(rotated, abs=0.02)
    assert first.method == "letter log-probability, 3 orders"


class RefusesLogprobs(JsonHandler):
    """A fake of a server for models that think first: HTTP 400 where log-probabilities are asked for, and
    the letter of the option "Yes." in a sentence's form."""

    def post(self, body: Any) -> None:
        if body.get("logprobs"):
            return self.send(400, {"error": {"message": "logprobs are not supported with this model"}})
        letter = next(line[0] for line in body["messages"][-1]["content"].splitlines() if ") Yes." in line)
        return self.send_completion(f"**{letter}**")


def test_a_server_that_refuses_logprobs_writes_the_letter() -> None:
    fake = ThreadingHTTPServer(("127.0.0.1", 0), RefusesLogprobs)
    threading.Thread(target=fake.serve_forever, daemon=True).start()
    try:
        scored = reply(f"http://127.0.0.1:{fake.server_port}", "Say yes.", "No.", "Yes.")
    finally:
        fake.shutdown()
        fake.server_close()
    assert scored.method == "letter written, 2 orders"
    assert scored.probabilities == (0.0, 1.0)
    assert scored.text == "Yes."


def test_a_server_that_answers_is_reachable(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_BASE_URL", f"{server}/v1")
    monkeypatch.setenv("LOCAL_API_KEY", "a key")
    check_reachable(NAME)


def test_a_server_that_is_not_there_is_an_error_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("LOCAL_BASE_URL", f"{address}/v1")
    monkeypatch.setenv("LOCAL_API_KEY", "any")
    started = time.monotonic()
    with pytest.raises(InputError, match=f"{NAME}' at {address}/v1 does not answer") as error:
        check_reachable(NAME)
    assert "LOCAL" not in str(error.value)
    assert "NAME_BASE_URL" in str(error.value)
    assert time.monotonic() - started < 10


def test_a_wrong_key_and_a_missing_one_are_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_BASE_URL", f"{server}/v1")
    with pytest.raises(InputError, match="No LOCAL_API_KEY defined"):
        check_reachable(NAME)
    monkeypatch.setenv("LOCAL_API_KEY", "wrong")
    with pytest.raises(InputError, match="401"):
        check_reachable(NAME)
