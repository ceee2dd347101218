"""Pseudonymization: what names or unlocks a person is replaced before anything is stored or trained on.

The true value stays in a vault of its user's, which no model reads; in what is said to that user it is put
back where they ask for it (GDPR, Article 4(5): additional information that is kept apart). Whatever is got
out of the store or the weights is then a pseudonym. Limit: facts and free words remain, and with them what
they betray; what has no form is not found (identifiers.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import PrivateAttr

from forwhom.mitigations.identifiers import KINDS, Kind, identifiers
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.mention import after_last_break
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.users.user import User

_TREES = ("alder", "ash", "beech", "cedar", "elm", "fir", "larch", "linden", "maple", "oak", "pine", "poplar",
          "rowan", "spruce", "willow", "yew")  # fmt: skip
"""A word in it, since models copy words better than numbers."""
_PSEUDONYM = re.compile(rf"\b(?:{'|'.join(KINDS)})-(?:{'|'.join(_TREES)})-\d{{3}}\b")
_WORD = re.compile(
    r"\b(?!(?:and|are|for|from|have|how|the|this|that|was|what|which|who|with|you|your)\b)[a-z]{3,}"
)


@dataclass(frozen=True)
class Kept:
    """What a pseudonym stands for. beside: the words of the sentence in which it was told."""

    value: str
    kind: Kind
    beside: frozenset[str]


Vault = dict[str, Kept]
"""By pseudonym."""


def pseudonymized(
    text: str, whose: str, vault: Vault, kinds: Sequence[Kind] = KINDS, names: Sequence[str] = ()
) -> str:
    """`text` with a typed pseudonym in place of each identifier, and their values entered into `vault`.

    whose: id of the person: the same value gets the same pseudonym for them, and another one for others.
    names: of people, known from elsewhere, to be replaced as well.
    """
    parts, last = [], 0
    beside = frozenset(_WORD.findall(text.lower()))
    for one in identifiers(text, kinds, names):
        value = text[one.start : one.end]
        if _PSEUDONYM.fullmatch(value):
            continue
        drawn = hashlib.sha256(f"{whose}\0{one.kind}\0{value}".encode()).digest()
        pseudonym = f"{one.kind}-{_TREES[drawn[0] % 16]}-{int.from_bytes(drawn[1:5], 'big') % 1000:03d}"
        before = vault[pseudonym].beside if pseudonym in vault else frozenset()
        vault[pseudonym] = Kept(value, one.kind, before | beside)
        parts += [text[last : one.start], pseudonym]
        last = one.end
    return "".join([*parts, text[last:]])


def restored(text: str, vault: Mapping[str, Kept], request: str | None = None) -> str:
    """`text` with the values of `vault` in place of their pseudonyms; those of nobody, or others', stay.

    request: what was asked: names are put back in any case, other values only where the request shares a word
    with what was said beside them. None: all are.
    """
    asked = None if request is None else set(_WORD.findall(request.lower()))

    def value(match: re.Match[str]) -> str:
        kept = vault.get(match[0])
        if kept is None or not (asked is None or kept.kind == "name" or asked & kept.beside):
            return match[0]
        return kept.value

    return _PSEUDONYM.sub(value, text)


@mitigation(
    name="pseudonymization",
    stages=("data", "memory", "output"),
    entry="data-minimization",
    reduces=("store-extraction", "cross-user-leakage", "training-data-extraction"),
    source="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
)
class Pseudonymization(Mitigation):
    """kinds: of identifiers that are replaced. restores: whether what is said to a user has their own values
    put back: "asked", where the request shares a word with what they said beside it; "always" or "never".

    What is said in a session stands in its conversation as it was said.
    """

    kinds: tuple[Kind, ...] = KINDS
    restores: Literal["asked", "always", "never"] = "asked"
    _vaults: dict[str, Vault] = PrivateAttr(default_factory=dict)
    _collected: dict[User, User] = PrivateAttr(default_factory=dict)

    def collects(self, user: User) -> User:
        if user not in self._collected:
            self._collected[user] = self._replaced(user)
        return self._collected[user]

    def _replaced(self, user: User) -> User:
        vault = self._vaults.setdefault(user.id, {})
        names = [user.name] if not user.is_neutral else []

        def plain(told: Any) -> Any:
            if isinstance(told, str):
                return pseudonymized(told, user.id, vault, self.kinds, names)
            if isinstance(told, Mapping):
                return {key: one if key in _NAMES_OF_FIELDS else plain(one) for key, one in told.items()}
            return [plain(one) for one in told] if isinstance(told, list | tuple) else told

        return User.model_validate(plain(user.model_dump()))

    def admits(self, happened: Happening, exchange: Exchange) -> Happening | None:
        whose = (happened.actor or exchange.known).id
        vault = self._told(exchange).setdefault(whose, {})
        names = [one.value for one in self._vaults.get(whose, {}).values() if one.kind == "name"]

        def plain(text: str) -> str:
            return pseudonymized(text, whose, vault, self.kinds, names)

        return replace(
            happened, text=plain(happened.text), options=tuple(plain(one) for one in happened.options)
        )

    async def output(self, text: str, exchange: Exchange) -> str:
        if self.restores == "never":
            return text
        whose = exchange.known.id
        own = self._vaults.get(whose, {}) | self._told(exchange).get(whose, {})
        return restored(text, own, exchange.request if self.restores == "asked" else None)

    def settled(self, text: str, exchange: Exchange) -> int:
        """No pseudonym has a space in it."""
        return len(text) if self.restores == "never" else after_last_break(text)

    def _told(self, exchange: Exchange) -> dict[str, Vault]:
        """Of what was told in this exchange, by user."""
        vaults: dict[str, Vault] = exchange.notes.setdefault(self.name, {})
        return vaults


_NAMES_OF_FIELDS = ("id", "domain", "value", "topic", "sensitivity", "provenance", "terms", "vulnerabilities",
                    "canary")  # fmt: skip
"""Of a User: names of things and the study's own ground truth, which no system reads."""
