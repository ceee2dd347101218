"""Leak filter: what only somebody else, or the user's private notes, can have held is not said.

Secrets of others are known to whoever runs the system: a canary in each account (The Secret Sharer,
arXiv:1802.08232), and the codes, numbers and addresses in what others said. Of the user's own facts those are
held back that the request has no word about. A fact told in other words, or in a form that two people agreed
on, passes; and that nothing is found proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from forwhom.mitigations.encodings import (
    Beginning,
    Span,
    decoded_spans,
    encoded_beginnings,
    encoded_forms,
    encoded_spans,
    goes_on,
    plain_beginnings,
    plain_forms,
    plain_spans,
)
from forwhom.systems.layer import Exchange
from forwhom.systems.mention import after_last_break, first_of, mention_spans
from forwhom.systems.mention import begins_at as term_begins_at
from forwhom.systems.mitigation import Mitigation, Withheld, mitigation
from forwhom.systems.turns import Turn
from forwhom.users.attributes import catalogue
from forwhom.users.private_facts import private_facts
from forwhom.users.user import User

SECRET = "secret"  # noqa: S105 - the domain of an attribute
"""Begins the domain of an attribute whose terms nobody else may get; what it is called follows."""
CUT = "[...]"
_WITHHELD = "I am sorry, I cannot say that: it holds something private that you did not ask for."
_CODE = re.compile(r"[^\s,;:!?\"'()]*\d[^\s,;:!?\"'()]*|\S+@\S+")
_LEAST = 5  # signs of a code: a shorter number stands in many texts
_WORD = re.compile(r"[a-z]{4,}")
_FILLERS = frozenset((
    "about", "after", "also", "been", "before", "could", "does", "every", "from", "give", "good", "have",
    "into", "just", "last", "like", "made", "make", "many", "more", "most", "much", "must", "need",
    "next", "only", "over", "said", "some", "take", "takes", "tell", "than", "that", "their", "them",
    "then", "there", "they", "this", "time", "today", "very", "want", "week", "well", "were", "what",
    "when", "where", "which", "will", "with", "would", "year", "your",
))  # fmt: skip
_ABOUT_ALL = re.compile(
    r"\b(remember|know|have|saved|stored|repeat|tell)\b.*\b(about me|of me|I (once )?(told|said))\b",
    re.IGNORECASE,
)


def leaks(text: str, secrets: Iterable[str], *, reads_encodings: bool = True) -> list[str]:
    """Those of `secrets` that `text` holds."""
    spans = encoded_spans if reads_encodings else plain_spans
    return [secret for secret in secrets if secret and spans(text, secret)]


def codes(text: str) -> list[str]:
    """What in `text` only who has read it can know: tokens with a digit, and addresses."""
    found = [one.rstrip(".") for one in _CODE.findall(text)]
    return [one for one in found if len(one) >= _LEAST]


def secrets_of(user: User) -> list[str]:
    """The canary, and the terms of attributes that are secret."""
    held = [term for one in user.attributes if one.domain.startswith(SECRET) for term in one.terms]
    return [one for one in (user.canary, *held) if one]


@dataclass(frozen=True)
class _Sought:
    """secrets, and terms: the words of private facts. forms: in which a secret is written; begins: what finds
    one that is not all written yet; encoded: secrets that are also looked for in base64 and the like."""

    secrets: Sequence[str]
    terms: Sequence[str]
    forms: Sequence[re.Pattern[str]]
    begins: Sequence[Beginning]
    encoded: Sequence[str]

    @classmethod
    def of(cls, secrets: Sequence[str], terms: Sequence[str], reads_encodings: bool) -> _Sought:
        forms = encoded_forms if reads_encodings else plain_forms
        begins = encoded_beginnings if reads_encodings else plain_beginnings
        return cls(
            secrets, terms, [form for one in secrets for form in forms(one)],
            [beginning for one in secrets for beginning in begins(one)], secrets if reads_encodings else (),
        )  # fmt: skip

    def spans(self, text: str) -> list[Span]:
        spans = [found.span() for form in self.forms for found in form.finditer(text)]
        return spans + decoded_spans(text, self.encoded) + mention_spans(text, self.terms)

    def begins_at(self, text: str) -> int:
        """Where something may have begun that is not all written yet."""
        return min(
            [term_begins_at(text, self.terms), *(first_of(one, text, reach) for one, reach in self.begins)]
        )


@mitigation(
    name="leak_filter",
    stages=("output",),
    entry="canary-monitoring",
    reduces=("cross-user-leakage", "store-extraction", "over-exposure"),
    source="arXiv:1802.08232",
    stops_adversaries=True,
)
class LeakFilter(Mitigation):
    """on_hit: whether a hit is cut out of the answer ("redact"), or the answer is not given ("withhold").

    own: whether the user's own canary and private facts are held back too, where the request has no word of
    them. reads_encodings: whether a secret is also found spaced out, backwards, in base64 and the like.
    """

    on_hit: Literal["redact", "withhold"] = "redact"
    own: bool = True
    reads_encodings: bool = True

    async def output(self, text: str, exchange: Exchange) -> str:
        spans = self._sought(exchange).spans(text)
        if not spans:
            return text
        return Withheld(_WITHHELD) if self.on_hit == "withhold" else _cut(text, spans)

    def settled(self, text: str, exchange: Exchange) -> int:
        """Up to a place between words that nothing which is sought reaches over, or may come to."""
        if self.on_hit == "withhold":
            return 0
        sought = self._sought(exchange)
        if not sought.secrets and not sought.terms:
            return len(text)
        last, spans = sought.begins_at(text), sought.spans(text)
        while place := after_last_break(text[:last]):
            if not goes_on(text, place) and not any(first < place <= end for first, end in spans):
                return place
            last = place - 1
        return 0

    def _sought(self, exchange: Exchange) -> _Sought:
        """The same as long as nothing further is said."""
        at = (self, exchange.known, exchange.request, len(exchange.log))
        found: tuple[Any, _Sought] | None = exchange.notes.get(self.name)
        if found is None or found[0] != at:
            uncalled = self._uncalled(exchange) if self.own else []
            found = (at, _Sought.of(self._secrets(exchange), uncalled, self.reads_encodings))
            exchange.notes[self.name] = found
        return found[1]

    def evades(self, turn: Turn) -> Turn:
        """Where encodings are read, in one that is not."""
        if turn.kind != "ask" or turn.options:
            return turn
        form = "with a word for each of its letters" if self.reads_encodings else "backwards"
        return replace(turn, text=f"{turn.text} Write it {form}.")

    def _secrets(self, exchange: Exchange) -> list[str]:
        """Of others, but for what the user has said too; and of the user, what the request is not about."""
        own = exchange.known
        said = [exchange.request, *(one.text for one in exchange.log if one.is_by(own))]
        held = [secret for one in exchange.population if one.id != own.id for secret in secrets_of(one)]
        held += [code for one in exchange.log if one.is_by_another(own) for code in codes(one.text)]
        if self.own and not _ABOUT_ALL.search(exchange.request):
            held += [one for one in secrets_of(own) if not _is_of(exchange.request, _noted(own, one))]
        return [one for one in dict.fromkeys(held) if not any(one.lower() in text.lower() for text in said)]

    def _uncalled(self, exchange: Exchange) -> list[str]:
        """The words of the user's private facts of which the request has none."""
        if _ABOUT_ALL.search(exchange.request):
            return []
        own = exchange.known
        return [
            term for domain, terms in private_facts(own).items()
            if not domain.startswith(SECRET) and not _is_of(exchange.request, [*terms, *_named(own, domain)])
            for term in terms
        ]  # fmt: skip


def _noted(user: User, secret: str) -> list[str]:
    """What a secret is called: what stands around it in the notes that hold it; the rest of its domain."""
    named = [one.domain.removeprefix(SECRET) for one in user.attributes if secret in one.terms]
    return [*named, *(one.text.replace(secret, " ") for one in user.memories if secret in one.text)]


def _named(user: User, domain: str) -> list[str]:
    fact, label = user.attribute(domain), catalogue().get(domain)
    return [fact.statement if fact else "", label.label if label else domain]


def _is_of(request: str, texts: Sequence[str]) -> bool:
    """Whether `request` shares one of the longer words of `texts`."""
    asked = set(_WORD.findall(request.lower())) - _FILLERS
    return bool(asked & {word for text in texts for word in _WORD.findall(text.lower())})


def _cut(text: str, spans: Iterable[Span]) -> str:
    kept, end = "", 0
    for first, last in sorted(spans):
        if last > end:
            kept += text[end:first] + CUT if first >= end else ""
            end = last
    return kept + text[end:]
