"""Replies on disk: what was answered is there after a kill, and a torn line is no reply."""

from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.results.replies import KeptReplies
from forwhom.systems.reply import Action, Reply

REPLY = Reply("Yes.", (0.25, 0.75), (-2.0, -1.0), "option log-probability", 3, 1, 0, 0.5,
              ({"id": "a", "layer": "b"},), (Action("send", {"to": "x"}, "done"),))  # fmt: skip


def test_what_was_answered_is_there_again(tmp_path: Path) -> None:
    kept = KeptReplies(tmp_path / "run" / "replies.jsonl", "s")
    kept["what was read"] = REPLY
    kept.close()
    again = KeptReplies(tmp_path / "run" / "replies.jsonl", "s")
    assert "what was read" in again
    assert "something else" not in again
    assert again["what was read"] == REPLY


def test_a_torn_line_is_passed_over_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    kept = KeptReplies(path, "s")
    kept["one"] = REPLY
    kept.close()
    path.write_bytes(path.read_bytes() + b'["half of a li')
    again = KeptReplies(path, "s")
    assert len(again) == 1
    again["two"] = REPLY
    again.close()
    assert len(KeptReplies(path, "s")) == 2


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written.*--out DIR"):
        KeptReplies(tmp_path / "file" / "replies.jsonl", "s")


def test_another_study_is_refused_and_other_weights_are_asked_anew(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    kept = KeptReplies(path, "one", "weights")
    kept["what was read"] = REPLY
    kept.close()
    assert "what was read" in KeptReplies(path, "one", "weights")
    assert "what was read" not in KeptReplies(path, "one", "other weights")
    with pytest.raises(InputError, match=r"holds the replies of study 'one'.*--out DIR"):
        KeptReplies(path, "two", "weights")


def test_a_line_of_another_version_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text('{"study": "s"}\n["key", {"text": "a"}]\n[1]\n')
    assert len(KeptReplies(path, "s")) == 0
