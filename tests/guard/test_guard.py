"""forwhom guard in front of a model: what is read, said and called is the policy's; the rest is as it was."""

import re
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from tests.guard.proxied import SECRET, USERS, proxied, text_of

LEAKS = f"mitigations: [leak_filter]\n{USERS}"
NONE = "mitigations: []\nguard: {unknown_users: neutral}"


def test_another_users_secret_is_cut_out_whole_and_streamed(tmp_path: Path) -> None:
    with proxied(tmp_path, LEAKS) as at:
        said = f"Well, it is {SECRET} and no other."
        whole = at.post("x", {"says": said}, user="ana")
        assert whole.json()["choices"][0]["message"]["content"] == "Well, it is [...] and no other."
        assert whole.headers["x-forwhom-interventions"] == "1"
        streamed = at.post("x", {"says": said, "chunk": 3}, user="ana", stream=True)
        assert text_of(streamed.text) == "Well, it is [...] and no other."
        assert streamed.text.endswith("data: [DONE]\n\n")
        assert "user" not in at.model.asked[0]
        assert SECRET in at.post("What is my backup phrase?", {"says": said}, user="ben").text
        assert [(one["user"], one["risk"]) for one in at.records()] == [("ana", 1), ("ana", 1), ("ben", 0)]


def test_without_mitigations_of_the_answer_a_stream_is_the_upstreams_byte_for_byte(tmp_path: Path) -> None:
    with proxied(tmp_path, "mitigations: [spotlighting]\nguard: {unknown_users: neutral}") as at:
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "A stream. " * 9}]}
        own = httpx.post(f"{at.model_url}/chat/completions", json=body).content
        assert httpx.post(f"{at.url}/chat/completions", json=body).content == own
        assert at.model.raw[0] == at.model.raw[1]


def test_openais_client_gets_what_it_would_get_without(tmp_path: Path) -> None:
    with proxied(tmp_path, LEAKS) as at:
        client = OpenAI(base_url=at.url, api_key="upstream-key", max_retries=0)
        said = [{"role": "user", "content": "Hello there, how are you?"}]
        whole = client.chat.completions.create(model="m", messages=said, user="ana")
        assert whole.choices[0].message.content == "Hello there, how are you?"
        stream = client.chat.completions.create(
            model="m", messages=said, user="ana", stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        told = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
        assert told == "Hello there, how are you?"
        assert chunks[-1].usage is not None and chunks[-2].choices[0].finish_reason == "stop"
        assert [one.id for one in client.models.list()] == ["m"]
        assert client.embeddings.create(model="m", input="x", encoding_format="float").data[0].embedding == [
            0.5
        ]
        assert at.model.headers[0]["authorization"] == "Bearer upstream-key"


def test_text_goes_on_before_the_answer_is_at_its_end(tmp_path: Path) -> None:
    with proxied(tmp_path, LEAKS) as at:
        from tests.guard.proxied import body

        sent = body("x", {"says": "word " * 60, "chunk": 5, "pause": 0.02}, user="ana", stream=True)
        with httpx.stream("POST", f"{at.url}/chat/completions", json=sent) as answer:
            parts = answer.iter_text()
            seen = ""
            while "word" not in text_of(seen + "\n\n"):
                seen += next(parts)
            assert at.model.running == 1  # it goes on speaking
            rest = "".join(parts)
        assert text_of(seen + rest) == "word " * 60


TOOLS = """
tools:
  read_mail: {effectful: false}
  send_mail: {receiver: to, text: text, asked_by: [send, write]}
  pay: {receiver: payee, users: [ben]}
"""


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_is_not_allowed_leaves_a_sentence_and_a_call_that_is_comes_complete(
    tmp_path: Path, stream: bool
) -> None:
    with proxied(tmp_path, f"mitigations: [taint_control]\n{USERS}\n{TOOLS}") as at:
        client = OpenAI(base_url=at.url, api_key="k", max_retries=0)
        tool = {"type": "function", "function": {"name": "read_mail", "parameters": {"type": "object"}}}

        def asked(calls: str) -> tuple[str, list[tuple[str, str]], str]:
            messages = [{"role": "system", "content": calls}, {"role": "user", "content": "Read my mail."}]
            more = {"model": "m", "messages": messages, "user": "ana", "tools": [tool]}
            if not stream:
                choice = client.chat.completions.create(**more).choices[0]
                made = choice.message.tool_calls or []
                return (
                    choice.message.content or "",
                    [(one.function.name, one.function.arguments) for one in made],
                    choice.finish_reason,
                )
            with client.chat.completions.stream(**more) as events:
                for _ in events:
                    pass
                choice = events.get_final_completion().choices[0]
            made = choice.message.tool_calls or []
            return (
                choice.message.content or "",
                [(one.function.name, one.function.arguments) for one in made],
                choice.finish_reason,
            )

        said, calls, end = asked('{"says": "", "calls": [["pay", {"payee": "X"}]]}')
        assert (said, calls, end) == ("I am not allowed to call pay here.", [], "stop")
        both = '{"says": "", "calls": [["pay", {"payee": "X"}], ["read_mail", {"number": "1"}]]}'
        said, calls, end = asked(both)
        assert (said, calls, end) == ("", [("read_mail", '{"number": "1"}')], "tool_calls")
        told = [one["what"] for one in at.records()[0]["interventions"]]
        assert told == ["a tool that was not listed"]


def test_observe_changes_nothing_and_reports_the_same(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter, self_reminder]\n{USERS}", mode="observe") as at:
        for stream in (False, True):
            answer = at.post(
                "x", {"says": f"It is {SECRET}.", "calls": [["x", {}]]}, user="ana", stream=stream
            )
            assert SECRET in (text_of(answer.text) if stream else answer.text)
            assert answer.headers["x-forwhom-mode"] == "observe"
        assert len(at.model.asked[0]["messages"]) == 2 and at.model.asked[0]["user"] == "ana"
        told = [[(one["at"], one["by"]) for one in record["interventions"]] for record in at.records()]
        assert told == [[("request", ["self_reminder"]), ("answer", ["leak_filter"])]] * 2


def test_the_policies_of_the_document_can_be_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "guard.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(shown) == 4
    for policy in shown:
        (folder := tmp_path / str(len(policy))).mkdir()
        with proxied(folder, policy.replace("audit.jsonl", str(folder / "audit.jsonl"))) as at:
            assert at.deployment.force.guards
