"""A text of a deployment as a finding shows it: one short line, nothing that a terminal obeys, no secret."""

from __future__ import annotations

from forwhom.audit.knowledge.secrets import secrets_in
from forwhom.monitor.session import one_line

_LONGEST = 200


def quoted(text: str) -> str:
    for secret in secrets_in(text):
        text = text.replace(secret.text, f"[{secret.kind}, {len(secret.text)} characters]")
    return one_line(text, _LONGEST)
