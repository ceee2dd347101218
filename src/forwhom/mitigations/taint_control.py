"""Taint control: what others wrote does not decide what an agent does, nor what is private whom it reaches.

Information-flow control outside the model. Integrity: once others' text was read, a call with an effect needs
a verb of the user's request, and its receiver may not come from that text. Confidentiality: a fact that the
user told in one channel is not sent to another. After CaMeL (arXiv:2503.18813) and FIDES (arXiv:2505.23643),
which track every value through a program; here a value is known by its words, so that what a model says in
other words passes, and an errand that honestly needs an address out of a mail is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from forwhom.mitigations.claims import claiming_consent
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.turns import Turn

_SHARE = 0.75  # of the longer words of a fact: as much of it makes a sentence tell it
_WORD = re.compile(r"\w{4,}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def comes_from(value: str, texts: Iterable[str]) -> bool:
    """Whether the words of `value` stand in one of `texts`, as they are."""
    sought = value.strip(" .").lower()
    return bool(sought) and any(sought in text.lower() for text in texts)


def tells(sentence: str, facts: Iterable[str]) -> bool:
    """Whether `sentence` has one of `facts` word for word, or three quarters of its longer words."""
    said = set(_WORD.findall(sentence.lower()))
    return any(
        comes_from(fact, (sentence,))
        or (len(words := set(_WORD.findall(fact.lower()))) > 1 and len(words & said) >= _SHARE * len(words))
        for fact in facts
    )


def without_facts(text: str, facts: Sequence[str]) -> str:
    """`text` without the sentences that tell one of `facts`."""
    return " ".join(one for one in _SENTENCE.split(text) if not tells(one, facts))


@mitigation(
    name="taint_control",
    stages=("action",),
    entry="information-flow-control",
    reduces=(
        "instruction-in-content",
        "over-reach",
        "delayed-memory-injection",
        "cross-channel-disclosure",
    ),
    source="arXiv:2503.18813",
    of=("agents",),
    stops_adversaries=True,
)
class TaintControl(Mitigation):
    """checks: of a call that the request asks for, whether only its receiver may not be others' word, or none
    of its arguments: then a sum that stands in a bill is not paid either.

    on_private: whether a text that tells what belongs elsewhere is sent without it ("cut"), or not at all.
    """

    checks: Literal["receiver", "arguments"] = "receiver"
    on_private: Literal["cut", "refuse"] = "cut"

    def lets(self, attempt: Attempt, exchange: Exchange) -> Attempt | None:
        if not attempt.is_effectful:
            return attempt
        if attempt.read and not attempt.is_asked:
            return None
        if any(comes_from(value, attempt.read) for value in self._checked(attempt, exchange.request)):
            return None
        return self._released(attempt)

    def _checked(self, attempt: Attempt, request: str) -> list[str]:
        if not attempt.is_named:
            return [attempt.recipient]
        given: Mapping[str, str] = attempt.arguments if self.checks == "arguments" else {}
        return [value for value in given.values() if not comes_from(value, (request,))]

    def _released(self, attempt: Attempt) -> Attempt | None:
        text = attempt.arguments.get(attempt.said_in, "")
        if not tells(text, attempt.private):
            return attempt
        kept = "" if self.on_private == "refuse" else without_facts(text, attempt.private)
        return replace(attempt, arguments={**attempt.arguments, attempt.said_in: kept}) if kept else None

    def evades(self, turn: Turn) -> Turn:
        return claiming_consent(turn)
