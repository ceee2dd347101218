"""Replies on disk: what was answered is there after a kill, and a torn line is no reply."""

from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.results.replies import KeptReplies
from forwhom.systems.reply import Action, Reply

REPLY = Reply("Yes.", (0.25, 0.75), (-2.0, -1.0), "option log-probability", 3, 1, 0, 0.5,
              ({"id": "a", "layer": "b"},), (Action("send", {"to": "x"}, "done"),))  # fmt: skip


def test_what_was_answered_is_there_again(tmp_path: Path) -> None:
    kept = KeptReplies(tmp_path / "run" / "replies.jsonl")
    kept["what was read"] = REPLY
    kept.close()
    again = KeptReplies(tmp_path / "run" / "replies.jsonl")
    assert "what was read" in again
    assert "something else" not in again
    assert again["what was read"] == REPLY


def test_a_torn_line_is_passed_over_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    kept = KeptReplies(path)
    kept["one"] = REPLY
    kept.close()
    path.write_bytes(path.read_bytes() + b'["half of a li')
    again = KeptReplies(path)
    assert len(again) == 1
    again["two"] = REPLY
    again.close()
    assert len(KeptReplies(path)) == 2


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written.*--out DIR"):
        KeptReplies(tmp_path / "file" / "replies.jsonl")
