"""Who asks: by a key, a header, the field `user` of a request, or what its client says of who wrote it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from forwhom.errors import InputError, unknown
from forwhom.guard.messages import asking
from forwhom.guard.policy import InForce
from forwhom.guard.refusal import Refused
from forwhom.guard.settings import ANYBODY
from forwhom.users.user import NEUTRAL, User

KEY_HEADER = "x-forwhom-key"
_LONGEST = 128
_BEARER = "bearer "


@dataclass(frozen=True)
class Caller:
    """name: as they are watched and recorded, "" for nobody in particular. known: what the policy knows of
    them."""

    name: str
    known: User


class Identity:
    """Raises InputError where a key's variable is not set, or its user not known."""

    def __init__(self, force: InForce, environment: Mapping[str, str]) -> None:
        self._force, self._settings = force, force.policy.guard.identity
        wanted = force.policy.guard.unknown_users
        self._refuses = wanted == "refuse" or (wanted is None and bool(force.users))
        if self._refuses and not force.users:
            raise InputError(
                "guard.unknown_users: 'refuse' refuses everybody, since the policy has no users. "
                "Write them, or 'neutral'."
            )
        self._keys = [self._key(name, user, environment) for name, user in self._settings.keys.items()]

    @property
    def has_keys(self) -> bool:
        return bool(self._keys)

    def allows(self, headers: Mapping[str, str]) -> str:
        """The user of the key, or ANYBODY: of the one in the key header, else of the bearer token. Raises
        Refused for none or a wrong one."""
        if not self._keys:
            return ANYBODY
        digest = sha256(_given(headers).encode()).digest()
        found = [
            user for key, user in self._keys if hmac.compare_digest(key, digest)
        ]  # every one is compared
        if not found:
            raise Refused(401, "invalid_api_key", f"no such key; send one as a bearer token or {KEY_HEADER}.")
        return found[0]

    def caller(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Caller:
        """Who wrote it, where the client tells it; else whom the request names. Raises Refused where somebody
        speaks for another, or is unknown and may not be."""
        bound = self.allows(headers)
        header = headers.get(self._settings.header, "") if self._settings.header else ""
        field = body.get("user", "") if self._settings.field else ""
        named = {name for name in (header, field) if name} if isinstance(field, str) else {"", "?"}
        if len(named) > 1:
            raise Refused(
                400, "invalid_user", "the header and the field 'user' name two users, or it is no text."
            )
        name = named.pop() if named else ""
        if bound != ANYBODY:
            if name not in ("", bound):
                raise Refused(403, "wrong_user", "the key is another user's.")
            name = bound
        if speaker := asking(body.get("messages"), self._force.policy):
            if bound not in (ANYBODY, speaker):
                raise Refused(403, "wrong_user", "the key is another user's than the one who wrote this.")
            name = speaker
        if len(name) > _LONGEST or not name.isprintable():
            raise Refused(400, "invalid_user", f"a user has at most {_LONGEST} printable characters.")
        if name in self._force.users:
            return Caller(name, self._force.users[name])
        if self._refuses:
            said = (
                "the policy does not know this user."
                if name
                else "say who asks: the policy refuses unknown users."
            )
            raise Refused(403, "unknown_user", said)
        return Caller(name, self._force.anybody(name) if self._force.policy.speakers else NEUTRAL)

    def _key(self, name: str, user: str, environment: Mapping[str, str]) -> tuple[bytes, str]:
        kind, _, rest = name.partition(":")
        if user != ANYBODY and user not in self._force.users and self._refuses:
            raise unknown(
                "user of the policy", user, self._force.users, where=f"guard.identity.keys, '{kind}:...'"
            )
        if kind == "env":
            if not environment.get(rest):
                raise InputError(f"guard.identity.keys: the variable {rest} is not set; set it to the key.")
            return sha256(environment[rest].encode()).digest(), user
        try:
            return bytes.fromhex(rest), user
        except ValueError:
            raise InputError("guard.identity.keys: 'sha256:' takes 64 hexadecimal digits.") from None


def _given(headers: Mapping[str, str]) -> str:
    if own := headers.get(KEY_HEADER, ""):
        return own
    told = headers.get("authorization", "")
    return told[len(_BEARER) :].strip() if told.lower().startswith(_BEARER) else ""
