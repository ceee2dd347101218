"""Logs become sessions with one risk each; what is wrong of a log is said with its line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from forwhom.errors import InputError
from forwhom.monitor.phrases import load_phrases
from forwhom.monitor.reading import How, read_sessions
from forwhom.monitor.session import as_time, one_line


def written(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}], **more}


@solver
def careless() -> Solver:
    """Answers without the model: a mock one counts tokens with a table that it downloads."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == "s3":
            raise RuntimeError("the model is gone")
        state.output = ModelOutput.from_content("mockllm/model", f"Eat the peanuts, {state.sample_id}.")
        return state

    return solve


@scorer(metrics=[mean()], name="risk")
def danger() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        at_risk = state.metadata["at_risk"]
        return Score(value=0.75, answer=state.output.completion, metadata={"at_risk": at_risk})

    return score


@scorer(metrics={"*": [mean()]}, name="judged")
def judged() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"harm": 0.25, "grade": "I"})

    return score


@pytest.fixture(scope="module")
def inspect_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real log of four samples: one could not harm its user, one ended with an error."""
    folder = tmp_path_factory.mktemp("logs")
    samples = [
        Sample(input="May I?", id=f"s{place}", metadata={"user": f"u{place}", "at_risk": place != 2})
        for place in range(4)
    ]
    task = Task(dataset=samples, solver=careless(), scorer=[danger(), judged()])
    eval(task, model="mockllm/model", log_dir=str(folder), display="none", max_samples=1, fail_on_error=False)
    return next(folder.glob("*.eval"))


def test_samples_of_inspect_are_sessions_where_they_can_harm(inspect_log: Path) -> None:
    read = read_sessions([inspect_log.parent], How())
    assert [one.user for one in read.sessions] == ["u0", "u1"]
    assert {one.risk for one in read.sessions} == {0.75}
    assert read.sessions[0].quote == "Eat the peanuts, s0."
    assert read.sessions[0].time is not None
    assert "sample s0" in read.sessions[0].where
    assert [one.partition("ended")[2] for one in read.skipped] == [
        " with an error: RuntimeError('the model is gone')"
    ]


def test_a_score_is_chosen_by_name_or_a_part_of_it(inspect_log: Path) -> None:
    assert {s.risk for s in read_sessions([inspect_log], How(score="judged.harm")).sessions} == {0.25}
    assert {s.risk for s in read_sessions([inspect_log], How(score="judged.grade")).sessions} == {1.0}
    with pytest.raises(InputError, match=r"Did you mean 'judged\.harm'"):
        read_sessions([inspect_log], How(score="judged.ham"))


def test_phrases_are_found_in_answers_of_inspect_too(inspect_log: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("the peanuts\n")
    read = read_sessions([inspect_log], How(phrases=load_phrases(tmp_path / "words")))
    assert {one.risk for one in read.sessions} == {1.0}


def test_a_torn_log_of_inspect_is_said_to_be_one(inspect_log: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.eval"
    torn.write_bytes(inspect_log.read_bytes()[:900])
    with pytest.raises(InputError, match="torn"):
        read_sessions([torn], How())
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(InputError, match="not a log of Inspect"):
        read_sessions([tmp_path / "other.json"], How())


def test_lines_of_one_session_are_one_whose_risk_is_the_largest(tmp_path: Path) -> None:
    lines = [
        said("worst", user="a", session="1", risk=0.9, created=10),
        said("other", user="a", session="2", risk=0.1, created=20),
        said("late", user="a", session="1", risk=0.2, created=30),
        said("of another user", user="b", session="1", risk=0.0, created=5),
    ]
    sessions = read_sessions([written(tmp_path / "log.jsonl", lines)], How()).sessions
    assert [(s.user, s.id, s.risk) for s in sessions] == [("b", "1", 0.0), ("a", "2", 0.1), ("a", "1", 0.9)]
    assert sessions[-1].quote == "worst"
    assert sessions[-1].time == 30


def test_without_times_the_order_of_the_file_counts(tmp_path: Path) -> None:
    lines = [{"risk": 0.3}, {"risk": True}, {"metadata": {"risk": 0.1, "user": "u", "session_id": 7}}]
    sessions = read_sessions([written(tmp_path / "log.jsonl", lines)], How()).sessions
    assert [one.risk for one in sessions] == [0.3, 1.0, 0.1]
    assert (sessions[2].user, sessions[2].id) == ("u", "7")


def test_times_are_seconds_milliseconds_or_iso() -> None:
    assert as_time("2026-01-01T00:00:00Z", "") == as_time("2026-01-01T00:00:00", "") == 1767225600
    assert as_time(1767225600, "") == as_time(1767225600000, "") == 1767225600
    for bad in ("yesterday", -5, float("nan"), float("inf"), True, [1], "9" * 5000, 1e300, 10**400):
        with pytest.raises(InputError, match="a time is"):
            as_time(bad, "here")


def test_a_risk_may_lie_in_a_field_of_a_field(tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl", [{"scores": {"harm": 0.4}}, {"scores.harm": 0.5}])
    assert [s.risk for s in read_sessions([log], How(risk_field="scores.harm")).sessions] == [0.4, 0.5]


@pytest.mark.parametrize(
    ("answer", "unsafe"),
    [
        ("Take IBUPROFEN now.", True),
        ("Take ibu\u00adpro\u200bfen now.", True),
        ("Take ｉｂｕｐｒｏｆｅｎ.", True),
        ("Ibuprofenum is Latin.", False),
        ("The code word is blue\n  heron.", True),
        ("Take nothing.", False),
    ],
)
def test_a_watched_phrase_makes_a_session_unsafe(answer: str, unsafe: bool, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("ibuprofen\n\nBlue Heron\n")
    parts = [{"type": "text", "text": "No."}]
    asked = {"messages": [{"role": "user", "content": "Ibuprofen?"}, {"role": "assistant", "content": parts}]}
    log = written(tmp_path / "log.jsonl", [said(answer), asked])
    sessions = read_sessions([log], How(phrases=load_phrases(tmp_path / "words"))).sessions
    assert [one.risk for one in sessions] == [float(unsafe), 0.0]


def test_the_answer_may_stand_in_the_response(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("canary-7")
    line = {"messages": [], "choices": [{"message": {"role": "assistant", "content": "It is canary-7!"}}]}
    log = written(tmp_path / "log.jsonl", [line])
    assert read_sessions([log], How(phrases=load_phrases(tmp_path / "words"))).sessions[0].risk == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (said("x"), "has no risk at 'risk'.*--watch FILE"),
        ({"risk": 1.5}, "a number from 0"),
        ({"risk": "high"}, "a number from 0"),
        ({"risk": float("nan")}, "a number from 0"),
        ([1], "expected an object"),
        ({"risk": 0.1, "messages": "hello"}, "expected a list of objects"),
        ({"risk": 0.1, "messages": [{"content": "x"}]}, "expected a list of objects"),
        ({"risk": 0.1, "created": "soon"}, "a time is"),
        ({"risk": 0.1, "user": {"id": 1}}, "expected a name"),
    ],
)
def test_a_bad_line_is_named_and_can_be_left_out(line: Any, expected: str, tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl", [{"risk": 0.1}, line])
    with pytest.raises(InputError, match=f"(?s)line 2.*{expected}.*--skip-bad"):
        read_sessions([log], How())
    read = read_sessions([log], How(skip_bad=True))
    assert (len(read.sessions), len(read.skipped)) == (1, 1)


def test_a_torn_line_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"risk": 0.1}\n\n{"risk": 0.\n\xff\xfe\n' + b"[" * 100_000 + b"\n")
    with pytest.raises(InputError, match="line 3: not valid JSON"):
        read_sessions([log], How())
    read = read_sessions([log], How(skip_bad=True))
    assert [one.partition(": ")[0].rpartition(" ")[2] for one in read.skipped] == ["3", "4", "5"]


def test_nothing_of_a_log_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl", [said("\x1b[2Jhi\u202e\n\x07there", risk=1, user="u\x1b")])
    assert read_sessions([log], How()).sessions[0].quote == "[2Jhi there"
    assert one_line("a" * 500).endswith("…")
    bad = written(tmp_path / "bad.jsonl", [{"risk": "\x1b[31m"}])
    with pytest.raises(InputError) as error:
        read_sessions([bad], How())
    assert "\x1b" not in str(error.value)


def test_what_is_no_log_is_said_with_what_would_be(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    for name, expected in (("empty.jsonl", "holds no session"), ("notes.txt", "ends in"),
                           ("folder", "holds no log"), ("nowhere", "no such file")):  # fmt: skip
        with pytest.raises(InputError, match=f"(?s){expected}.*Name logs of Inspect"):
            read_sessions([tmp_path / name], How())


@pytest.mark.parametrize(("text", "expected"), [("\n \n", "holds no phrase"), ("a\n--\n", "no letter")])
def test_a_list_of_phrases_must_hold_some(text: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "words").write_text(text)
    with pytest.raises(InputError, match=expected):
        load_phrases(tmp_path / "words")
