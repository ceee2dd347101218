"""Least privilege: for each request an agent has only the tools that the request asks for.

The grant is made outside the model, from the user's own words and nothing that was read since, so that no
text can widen it (programmable privileges for agents: arXiv:2504.11703). Its limits: a request that says
"send" grants sending for all its steps, and what a request means without saying it is not granted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pydantic import Field

from forwhom.mitigations.claims import claiming_consent
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.turns import Turn


def granted_by(request: str, grants: Mapping[str, Sequence[str]]) -> set[str]:
    """The tools that `request` has a word for. grants: tools by a word, which matches from its beginning."""
    words = [word for word in grants if re.search(rf"\b{re.escape(word)}", request, re.IGNORECASE)]
    return {tool for word in words for tool in grants[word]}


@mitigation(
    name="least_privilege",
    stages=("action",),
    entry="tool-allow-list",
    reduces=("instruction-in-content", "over-reach", "delayed-memory-injection"),
    source="arXiv:2504.11703",
    of=("agents",),
    stops_adversaries=True,
)
class LeastPrivilege(Mitigation):
    """grants_by: effectful tools by a word of the request, as {"pay": ["pay"]}; {} takes the verbs by which
    each tool is asked for anyway. Tools that only look something up are granted always.

    named_only: whether a mail or a payment must also go to somebody whom the request names.
    """

    grants_by: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    named_only: bool = True

    def grants(self, attempt: Attempt, exchange: Exchange) -> bool:
        if not attempt.is_effectful:
            return True
        if self.grants_by:
            return attempt.tool in granted_by(exchange.request, self.grants_by)
        return attempt.is_asked

    def lets(self, attempt: Attempt, exchange: Exchange) -> Attempt | None:
        is_bound = attempt.is_named or not (self.named_only and attempt.is_effectful)
        return attempt if self.grants(attempt, exchange) and is_bound else None

    def evades(self, turn: Turn) -> Turn:
        return claiming_consent(turn)
