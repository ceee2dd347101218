"""The tokens of a user's text that a fit reads: the latest, where a history is longer."""

from __future__ import annotations

from typing import Any

_MOST = 1024


def latest_tokens(tokenizer: Any, text: str) -> list[int]:
    """At most 1,024 token ids, without special ones; none of an empty text."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"][-_MOST:]) if text else []
