"""What OpenClaw 2026.9.6 writes around the words of people, in the prompts that it sends to its model."""

from __future__ import annotations

import re

BEGINS_INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>"
STAMP = re.compile(r"\A\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d[^\]\n]*\] ")
"""May stand before all else of a user message: when it came."""
ABOUT = re.compile(r"\AConversation info: ⟦openclaw:ctx⟧\n```json\n(\{[^\n]*\})\n```(?:\n+|\Z)")
"""Begins a message of a channel; its group is JSON that names the sender."""
QUOTED = re.compile(
    r"\A(?:[^\n]*⟦openclaw:ctx⟧\n```json\n.*?\n```(?:\n+|\Z)"
    r"|[^\n]*⟦openclaw:ctx⟧\n.*?(?:\n\n+|\Z)"
    r"|(?:\[Replying to|System:|Active goal: ).*?(?:\n\n+|\Z)"
    r"|\[Startup context loaded by runtime\].*?(?:\nUser note for this reset turn[^\n]*\n|\Z))",
    re.DOTALL,
)
"""What else may stand before a person's words, and is not theirs."""
ADDED = re.compile(r"\n\nRuntime: (?:name=[^\n]* \| )?agent=[^\n]*\Z")
"""What stands behind them."""
UNREAD = re.compile(
    r"\A(?:Queued #|\[Queued messages|\[OpenClaw room event\]"
    r"|The conversation history before this point)|⟦openclaw:ctx⟧"
)
"""In a channel's message that does not begin with ABOUT."""
INTERNAL = re.compile(rf"\A{BEGINS_INTERNAL}.*<<<END_OPENCLAW_INTERNAL_CONTEXT>>>\s*\Z", re.DOTALL)
"""A user message of OpenClaw's own, which may quote anybody."""
REMEMBERED = re.compile(
    r"^## (?:[^\n]*[/\\])?((?:USER|MEMORY|DREAMS|\d{4}-\d\d-\d\d[^\n/]*)\.md)\n"
    r"(.*?)(?=^## [^\n]*[/\\][^\n]*\.md$|^<!-- /?openclaw:|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A file of memory in the system prompt: its name and its text."""
