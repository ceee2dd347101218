"""Verified deletion: delete in every copy, and let nothing be read that still names what was deleted.

A deletion leaves copies behind: in a summary, in notes that a model made, in a product's history
(arXiv:2606.10062). So every layer is set to delete wherever it can, a wish to forget that is said in a
conversation is taken for one, and before any remembered text is read it is checked against what was
forgotten, of which only salted hashes of single words are kept. Limit: a copy in other words passes; weights
that were trained before need training anew; and whoever has the salt can guess words one by one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from secrets import token_bytes

from pydantic import Field

from forwhom.systems.layer import Exchange, Happening, Layer
from forwhom.systems.mitigation import Mitigation, mitigation, set_safely
from forwhom.users.user import Provenance

_WORD = re.compile(r"\w+")
_COMMON = """
    a an and are as at be been but by called did do does for from had has have he her his i in is it its me
    mine my of on or our said she that the their they this to was we were which who will with you your user
"""
_TOO_COMMON = frozenset(_WORD.findall(_COMMON))
_ASKED = re.compile(
    r"^\W*(?:please |kindly |can you |could you |would you |i want you to )*"
    r"(?:forget|delete|erase|remove|no longer remember|do not remember|don't remember)\b"
    r"(?:[^:]{0,40}:\s*| (?:that|about|what i said about) )(?P<what>.+)$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten in `session`, as hashes of its words; none: everything up to then."""

    words: frozenset[bytes]
    session: int


class Ledger:
    """What was forgotten, without saying what it was."""

    def __init__(self) -> None:
        self._salt = token_bytes(16)
        self._forgotten: list[Forgotten] = []

    def forget(self, text: str, session: int) -> None:
        """From now on texts that name `text` are refused; "": all of the sessions up to this one."""
        self._forgotten.append(Forgotten(self._hashes(text), session))

    def tell_again(self, text: str) -> None:
        """Its owner has told it again: what `text` names is no longer refused."""
        told = self._hashes(text)
        self._forgotten = [one for one in self._forgotten if not one.words or not one.words <= told]

    def names(self, text: str, session: int | None, share: float = 1.0) -> bool:
        """Whether `text` holds at least `share` of the words of something forgotten.

        session: in which it was remembered; None where that is not known.
        """
        held = self._hashes(text) if self._forgotten else frozenset()
        return any(
            len(one.words & held) >= share * len(one.words)
            if one.words
            else session is None or session <= one.session
            for one in self._forgotten
        )

    def _hashes(self, text: str) -> frozenset[bytes]:
        words = set(_WORD.findall(text.lower()))
        # Where nothing is left but common words, they are what was meant.
        return frozenset(
            hashlib.sha256(self._salt + word.encode()).digest()[:12] for word in words - _TOO_COMMON or words
        )


def wish_to_forget(text: str) -> str:
    """What somebody who says `text` wants forgotten; "" where they want nothing forgotten."""
    found = _ASKED.match(text.strip())
    return found["what"].strip() if found else ""


@mitigation(
    name="verified_deletion",
    stages=("data", "memory", "context"),
    entry="memory-consent-and-expiry",
    reduces=("persistence-after-deletion",),
    source="arXiv:2606.10062",
)
class VerifiedDeletion(Mitigation):
    """share: of the words of what was forgotten, common ones aside, how many a remembered text must hold to
    be refused. listens: whether a wish to forget that is said ("please forget what I said: ...") is one.
    """

    share: float = Field(default=1.0, gt=0, le=1)
    listens: bool = True

    def hardens(self, layer: Layer) -> Layer:
        is_switch = isinstance(getattr(layer, "deletes", None), bool)
        return set_safely(layer, deletes=True if is_switch else "all", refreshed="always", unlearns=True)

    def admits(self, happened: Happening, exchange: Exchange) -> Happening | None:
        if not happened.is_by(exchange.known):
            return happened
        if self.listens and happened.kind == "say" and (what := wish_to_forget(happened.text)):
            happened = replace(happened, kind="forget", text=what)
        ledger = self._ledger(exchange)
        if happened.kind == "forget":
            ledger.forget(happened.text, happened.session)
        elif happened.kind in ("say", "edit_profile"):
            ledger.tell_again(happened.as_note)
        return happened

    def recalls(self, text: str, provenance: Provenance, session: int | None, exchange: Exchange) -> bool:
        return not self._ledger(exchange).names(text, session, self.share)

    def _ledger(self, exchange: Exchange) -> Ledger:
        if self.name not in exchange.notes:
            exchange.notes[self.name] = Ledger()
        ledger: Ledger = exchange.notes[self.name]
        return ledger
