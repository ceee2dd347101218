"""Failures of the upstream are passed on as they are; of the policy, as the policy says; limits hold."""

import json
import time
from pathlib import Path

import httpx
import pytest
from inspect_ai.model import ChatMessage
from openai import APIError, OpenAI

from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from tests.guard.proxied import SECRET, USERS, body, proxied, text_of

NONE = "mitigations: []\nguard: {unknown_users: neutral}"


@mitigation(name="falls", stages=("output",), entry="canary-monitoring", reduces=(), source="a test")
class Falls(Mitigation):
    """Fails at what it is told to, with an error that quotes what it read."""

    at: str = "output"

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        if self.at == "context":
            raise ValueError(exchange.request)
        return messages

    async def output(self, text: str, exchange: Exchange) -> str:
        if self.at == "output":
            raise ValueError(text)
        return text

    def settled(self, text: str, exchange: Exchange) -> int:
        return len(text)


def test_an_error_of_the_upstream_is_passed_on_byte_for_byte(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        sent = body("x", {"status": 429})
        own = httpx.post(f"{at.model_url}/chat/completions", json=sent)
        for stream in (False, True):
            got = httpx.post(f"{at.url}/chat/completions", json={**sent, "user": "ana", "stream": stream})
            assert (got.status_code, got.content) == (429, own.content)
            assert got.headers["retry-after"] == "7" and got.headers["x-odd"] == "1"
        assert [one["outcome"] for one in at.records()] == ["upstream", "upstream"]
        assert 'forwhom_guard_upstream_responses_total{status="4xx"} 2.0' in at.metrics()


def test_what_the_upstream_sets_for_one_user_is_not_sent_for_another(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE) as at:
        assert at.post("x", {"cookie": "anas"}, user="ana").headers["set-cookie"] == "session=anas"
        at.post("x", user="ben")
        assert "cookie" not in at.model.headers[1]
        at.post("x", user="ana", headers={"cookie": "session=anas"})
        assert at.model.headers[2]["cookie"] == "session=anas"


def test_a_stream_breaks_off_where_the_upstreams_does(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE) as at:
        sent = body("x", {"says": "word " * 20, "breaks_after": 5, "pause": 0.01}, stream=True)
        with httpx.stream("POST", f"{at.url}/chat/completions", json=sent) as answer:
            seen = b""
            with pytest.raises(httpx.RemoteProtocolError):
                for part in answer.iter_raw():
                    seen += part
        assert text_of(seen.decode()).startswith("word word")
        assert [(one["outcome"], one["risk"]) for one in at.records()] == [("upstream", None)]


def test_who_is_not_there_or_slow_is_told_as_such(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE, upstream="http://127.0.0.1:9/v1") as at:
        answer = at.post("x")
        assert answer.status_code == 502 and answer.json()["error"]["code"] == "upstream_unreachable"
    with proxied(tmp_path, NONE, timeout=0.3) as at:
        answer = at.post("x", {"sleeps": 3})
        assert answer.status_code == 504 and answer.json()["error"]["code"] == "upstream_timeout"
        streamed = at.post("x", {"says": "one two", "pause": 2}, stream=True)
        assert json.loads(streamed.text.split("\n\n")[-2][6:])["error"]["code"] == "upstream_timeout"


def test_a_client_that_leaves_ends_the_upstreams_stream(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        said = f"{SECRET} is it. " * 100
        sent = body("x", {"says": said, "chunk": 20, "pause": 0.02}, user="ana", stream=True)
        with httpx.stream("POST", f"{at.url}/chat/completions", json=sent) as answer:
            parts, seen = answer.iter_text(), ""
            while "[...]" not in seen:
                seen += next(parts)
        until = time.monotonic() + 3
        while at.model.running and time.monotonic() < until:
            time.sleep(0.01)
        assert (at.model.running, at.model.aborted) == (0, 1)
        record = at.records()[0]  # who leaves early is watched nevertheless
        assert (record["outcome"], record["risk"]) == ("aborted", 1)


def test_a_client_that_leaves_while_it_waits_ends_the_request(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE) as at:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{at.url}/chat/completions", json=body("x", {"sleeps": 30}), timeout=0.3)
        assert [one["outcome"] for one in at.records()] == ["aborted"]


@pytest.mark.parametrize("stage", ["context", "output"])
def test_a_mitigation_that_fails_closes_or_opens(tmp_path: Path, stage: str) -> None:
    policy = f"mitigations: [falls: {{at: {stage}}}, leak_filter]\n{USERS}"
    said = f"It is {SECRET}."
    with proxied(tmp_path, policy) as at:
        whole = at.post("x", {"says": said}, user="ana")
        assert whole.status_code == 503 and whole.json()["error"]["code"] == "guard_failed"
        streamed = at.post("x", {"says": said}, user="ana", stream=True)
        assert "guard_failed" in streamed.text and "otter" not in streamed.text
        assert "[DONE]" not in streamed.text
        assert [(one["outcome"], one["failures"]) for one in at.records()] == [
            ("failed", ["request: ValueError"] if stage == "context" else ["answer: ValueError"]),
            ("failed", ["request: ValueError"] if stage == "context" else ["falls: ValueError"]),
        ]
        client = OpenAI(base_url=at.url, api_key="k", max_retries=0)
        with pytest.raises(APIError):
            list(client.chat.completions.create(**body("x", {"says": said}, user="ana", stream=True)))
    with proxied(tmp_path, policy, on_failure="open") as at:
        whole = at.post("x", {"says": said}, user="ana")
        assert whole.status_code == 200
        streamed = at.post("x", {"says": said, "chunk": 3}, user="ana", stream=True)
        # What does not fail still acts: on the answer, or on what the one that failed passes on.
        assert text_of(streamed.text) == "It is [...]."
        assert 'forwhom_guard_failures_total{step="' in at.metrics()


def test_a_defect_of_the_proxy_is_told_without_its_words(tmp_path: Path) -> None:
    def broken(*args: object, **more: object) -> object:
        raise RuntimeError(SECRET)

    with proxied(tmp_path, NONE) as at:
        at.deployment.upstream._sent = broken  # type: ignore[method-assign,assignment]
        answer = at.post("x")
        assert answer.status_code == 503 and SECRET not in answer.text
        assert [one["failures"] for one in at.records()] == [["proxy: RuntimeError"]]


def test_a_state_that_fails_closes_or_opens(tmp_path: Path) -> None:
    def broken(*args: object) -> object:
        raise OSError("no space left")

    for on_failure, status in (("closed", 503), ("open", 200)):
        (folder := tmp_path / on_failure).mkdir()
        with proxied(folder, NONE, on_failure=on_failure) as at:
            assert at.post("x").status_code == 200
            at.deployment.recorder._store._database.run = broken  # type: ignore[method-assign]
            assert at.post("x").status_code == status
            streamed = at.post("x", {"says": "Hello."}, stream=True)
            assert ("[DONE]" in streamed.text) == (on_failure == "open")
            health = httpx.get(at.url.replace("/v1", "/healthz"))
            assert health.status_code == 503 and health.json()["state"] == "unreachable"


def test_what_is_no_completion_is_not_passed_on_as_judged(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        assert at.post("x", {"text": f'{{"odd": "{SECRET}"}}'}, user="ana").status_code == 503
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}", mode="observe") as at:
        assert at.post("x", {"text": '{"odd": 1}'}, user="ana").text == '{"odd": 1}'


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"[]", 400), (b"{", 400), (b'{"messages": 3}', 400), (b'{"messages": [{"content": "x"}]}', 400),
        (b'{"messages": [], "functions": [{}]}', 400), (b'{"messages": "' + b"x" * 3000 + b'"}', 413),
        (b"[" * 1500, 400), (b'{"messages": [], "user": 3}', 400),
        (b'{"messages": [{"role": "tool", "content": [{"type": "text"}]}]}', 400),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_read_is_told_so(tmp_path: Path, sent: bytes, status: int) -> None:
    with proxied(tmp_path, NONE, body_limit=2000) as at:
        answer = httpx.post(f"{at.url}/chat/completions", content=sent)
        assert answer.status_code == status and answer.json()["error"]["message"].startswith("forwhom guard")
        parts = httpx.post(f"{at.url}/chat/completions", content=iter([sent[:9], sent[9:]]))
        assert parts.status_code == status
        assert at.model.asked == []


def test_no_other_way_leads_to_the_model(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE) as at:
        for path in ("/responses", "/completions", "/chat/completions/x", "/../v1/chat", "/audio/speech"):
            answer = httpx.post(at.url + path, json={})
            assert answer.status_code == 404 and answer.json()["error"]["code"] == "unknown_url"
        assert at.model.raw == []


def test_so_many_at_once_and_no_more(tmp_path: Path) -> None:
    with proxied(tmp_path, NONE, streams=1) as at:
        sent = body("x", {"says": "a b c d" * 9, "pause": 0.3}, stream=True)
        with httpx.stream("POST", f"{at.url}/chat/completions", json=sent) as answer:
            parts = answer.iter_text()
            next(parts)
            assert at.post("x").status_code == 429
        assert [one["outcome"] for one in at.records()] == ["aborted"]
        assert at.post("x").status_code == 200
