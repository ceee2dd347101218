"""However an answer is cut into chunks, what is said in the end is what the whole is judged to be."""

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwhom.guard.asking import asked
from forwhom.guard.fields import Fields
from forwhom.guard.judging import judged
from forwhom.guard.policy import InForce, Policy, in_force
from forwhom.guard.refusal import Refused
from forwhom.guard.sse import DONE, Events, as_event, data_of
from forwhom.guard.streaming import StreamJudge
from tests.guard.proxied import SECRET, USERS

TOOLS = """
tools:
  look: {effectful: false}
  send: {receiver: to, text: text}
  pay: {users: [ben]}
"""
SETS = [
    "[leak_filter]", "[leak_filter: {on_hit: withhold}]", "[pseudonymization, leak_filter]",
    "[taint_control]", "[leak_filter, contraindication_check]", "[contraindication_check, leak_filter]",
    "[abstain_and_ask]", "[]",
]  # fmt: skip
WORDS = st.lists(
    st.sampled_from([
        SECRET, SECRET[:9], SECRET[9:], "try the satay", " peanuts ", "warfarin", "Good morning", ". ", " ",
        "\n", "otter ladder 20002", "20002-reddal-retto", "no", "name-oak-123", "I am sorry", "\u4f60\u597d",
    ]),
    max_size=12,
).map("".join)  # fmt: skip
CALLS = st.lists(
    st.sampled_from([
        ("look", '{"at": 1}'), ("send", '{"to": "x@evil.example", "text": "warfarin"}'), ("pay", "{}"),
        ("send", '{"to": "Nora", "text": "I take warfarin. See you."}'), ("send", "no json"), ("wipe", ""),
    ]),
    max_size=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def forces(tmp_path_factory: pytest.TempPathFactory) -> list[InForce]:
    path = tmp_path_factory.mktemp("p") / "policy.yaml"
    made = []
    for one in SETS:
        path.write_text(f"mitigations: {one}\n{USERS}{TOOLS}")
        made.append(in_force(path))
    return made


def request(force: InForce, said: str = "Send Nora a word. What shall I eat?") -> Any:
    return asked(force, force.known("ana"), [{"role": "user", "content": said}])


def whole(force: InForce, message: dict[str, Any], end: str) -> tuple[dict[str, Any], list[Any]]:
    choice = {"index": 0, "message": copy.deepcopy(message), "finish_reason": end}
    one = request(force)
    done = asyncio.run(judged(Fields(choice), one.exchange, one.bench))
    return choice, done


def streamed(force: InForce, events: list[bytes]) -> tuple[dict[str, Any], list[Any]]:
    """The message that a client puts together."""

    def failed(step: str, error: Exception) -> None:
        raise error

    async def said() -> tuple[bytes, StreamJudge]:
        judge = StreamJudge(request(force), force.speaking, force.judges_calls, failed)
        parts = [await judge.event(one) for one in events]
        return b"".join(parts) + await judge.end(), judge

    out, judge = asyncio.run(said())
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "tool_calls": []}
    end = None
    for event in Events().add(out):
        for choice in json.loads(data_of(event))["choices"]:
            assert end is None, "something comes after the end"
            for field in ("content", "reasoning_content"):
                message[field] += choice["delta"].get(field) or ""
            message["tool_calls"] += choice["delta"].get("tool_calls") or []
            end = choice["finish_reason"]
    return {"message": message, "finish_reason": end}, judge.done


def chunk(delta: dict[str, Any], end: str | None = None) -> bytes:
    return as_event({"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]})


def cut(text: str, cuts: list[int]) -> list[str]:
    places = sorted({one % (len(text) + 1) for one in cuts})
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@settings(max_examples=300, deadline=None)
@given(
    which=st.integers(0, len(SETS) - 1), text=WORDS, thought=WORDS, calls=CALLS,
    cuts=st.lists(st.integers(0, 200), max_size=25),
)  # fmt: skip
def test_the_chunks_say_what_the_whole_says(
    forces: list[InForce], which: int, text: str, thought: str, calls: list[Any], cuts: list[int]
) -> None:
    force = forces[which]
    listed = [
        {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for place, (name, arguments) in enumerate(calls)
    ]
    end = "tool_calls" if calls else "stop"
    message = {"content": text, "reasoning_content": thought, "tool_calls": listed or None}
    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"reasoning_content": one}) for one in cut(thought, cuts)]
    events += [chunk({"content": one}) for one in cut(text, cuts)]
    for place, (name, arguments) in enumerate(calls):
        head = {"index": place, "id": f"c{place}", "type": "function", "function": {"name": name}}
        events.append(chunk({"tool_calls": [head]}))
        for one in cut(arguments, cuts):
            events.append(chunk({"tool_calls": [{"index": place, "function": {"arguments": one}}]}))
    events.append(chunk({}, end))
    wanted, done = whole(force, message, end)
    got, told = streamed(force, events)
    for field in ("content", "reasoning_content"):
        assert got["message"][field] == (wanted["message"][field] or "")
    made = [
        {key: value for key, value in one.items() if key != "index"} for one in got["message"]["tool_calls"]
    ]
    assert made == (wanted["message"]["tool_calls"] or [])
    assert [one["index"] for one in got["message"]["tool_calls"]] == list(range(len(made)))
    assert got["finish_reason"] == wanted["finish_reason"]
    assert sorted(map(str, told)) == sorted(map(str, done))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([b"data: {}\n\n", b": on\r\n\r\n", b"event: x\ndata: 1\ndata: 2\n\n"])),
    st.data(),
)
def test_events_are_found_however_their_bytes_come(events: list[bytes], data: st.DataObject) -> None:
    told, found, reader = b"".join(events), [], Events()
    while told:
        size = data.draw(st.integers(1, len(told)))
        found += list(reader.add(told[:size]))
        told = told[size:]
    assert found == events and reader.rest() == b""


def test_what_an_event_says() -> None:
    assert data_of(b"data: [DONE]\n\n") == DONE and data_of(b"data:[DONE]\r\n\r\n") == DONE
    assert data_of(b": a comment\n\n") == "" and data_of(b"event: x\ndata: 1\ndata: 2\n\n") == "1\n2"


def test_an_event_without_an_end_is_not_collected_for_ever() -> None:
    events = Events()
    with pytest.raises(Refused):
        for _ in range(20):
            list(events.add(b"x" * 1_000_000))


def test_a_call_of_the_old_form_is_taken_out() -> None:
    force = in_force(Policy(mitigations=(), tools={}))
    force_events = [chunk({"function_call": {"name": "pay", "arguments": "{"}}), chunk({}, "function_call")]
    got = asyncio.run(_said(force, force_events))
    assert b"function_call" not in got and b"I am not allowed to call pay here." in got


async def _said(force: InForce, events: list[bytes]) -> bytes:
    one = asked(force, force.known(""), [{"role": "user", "content": "x"}])
    judge = StreamJudge(one, force.speaking, force.judges_calls, lambda step, error: None)
    return b"".join([await judge.event(event) for event in events]) + await judge.end()


def test_log_probabilities_do_not_spell_out_what_is_held_back(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"mitigations: [leak_filter]\n{USERS}")
    told = {"content": [{"token": SECRET}]}
    choice = {"index": 0, "delta": {"content": SECRET}, "logprobs": told, "finish_reason": None}
    got = asyncio.run(_said(in_force(path), [as_event({"choices": [choice]}), chunk({}, "stop")]))
    assert SECRET.encode() not in got and b"[...]" in got
