"""Messages as ChatML, the template of SmolLM2 (and of many small models).

Every message is a whole turn between special tokens, so that a prompt may be cut between two turns and
its parts tokenized apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspect_ai.model import ChatMessage

TURN_END = "<|im_end|>"
_MARKERS = re.compile(r"<\|(im_start|im_end|endoftext)\|>")


def render(messages: Sequence[ChatMessage]) -> tuple[str, str]:
    """The prompt in two parts: what all questions put to one user share (the system turn), and the rest."""
    turns = [_turn(message) for message in messages]
    shared = int(messages[0].role == "system")
    return "".join(turns[:shared]), "".join(turns[shared:]) + "<|im_start|>assistant\n"


def _turn(message: ChatMessage) -> str:
    # A message must not be able to close its own turn.
    text, found = message.text, 1
    while found:  # taking one marker out may leave another
        text, found = _MARKERS.subn("", text)
    return f"<|im_start|>{message.role}\n{text}{TURN_END}\n"
