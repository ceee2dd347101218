"""Which gateway serves whom: one for each user, kept warm while there is room, or one for all."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, RLock

from forwhom.errors import InputError
from forwhom.openclaw.gateway import Gateway

Start = Callable[[], Gateway]


class Lease:
    """A copy of the agent in somebody's gateway, unused before; its traces go with this."""

    def __init__(self, gateway: Gateway, agent: str, given_back: Callable[[], None]) -> None:
        self.gateway, self.agent = gateway, agent
        self.end = weakref.finalize(self, _end, gateway, agent, given_back)


def _end(gateway: Gateway, agent: str, given_back: Callable[[], None]) -> None:
    gateway.end_copy(agent)
    given_back()


@dataclass
class _Held:
    gateway: Gateway
    leases: int = 0


@dataclass
class Pool:
    """Gateways of one agent under test. warm: how many may stay that serve nobody at the moment. is_shared:
    whether all users are in one."""

    start: Start
    warm: int
    is_shared: bool = False
    _held: dict[str, list[_Held]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)
    _starting: dict[str, Lock] = field(default_factory=dict)
    _failure: InputError | None = None

    def lease(self, user: str) -> Lease:
        """A copy of the agent for this user; starts a gateway where theirs has none left."""
        user = "" if self.is_shared else user
        with self._lock:
            starting = self._starting.setdefault(user, Lock())
        with starting:  # of two samples of one user the second waits for the first one's gateway
            for held in self._of(user):
                if (agent := held.gateway.take()) is not None:
                    return self._given(held, agent)
            if self._failure:  # it would come to the same for every sample
                raise self._failure
            self._make_room()
            try:
                held = _Held(self.start())
            except InputError as error:
                self._failure = error
                raise
            agent = held.gateway.take()
            if agent is None:
                raise RuntimeError("a new gateway has no copy of the agent")
            with self._lock:
                self._held.setdefault(user, []).append(held)
            return self._given(held, agent)

    def _of(self, user: str) -> list[_Held]:
        with self._lock:
            return list(self._held.get(user, ()))

    def _given(self, held: _Held, agent: str) -> Lease:
        with self._lock:
            held.leases += 1

        def given_back() -> None:
            with self._lock:
                held.leases -= 1

        return Lease(held.gateway, agent, given_back)

    def _make_room(self) -> None:
        """Stop the gateways that have served longest and serve nobody, as far as there are too many."""
        with self._lock:
            everyone = [(user, one) for user, held in self._held.items() for one in held]
            idle = [(user, one) for user, one in everyone if one.leases == 0]
            ended = idle[: max(0, len(everyone) + 1 - self.warm)]
            for user, one in ended:
                self._held[user].remove(one)
        for _, one in ended:
            one.gateway.stop()

    def stop(self) -> None:
        """Stop all."""
        with self._lock:
            everyone = [one for held in self._held.values() for one in held]
            self._held.clear()
        for one in everyone:
            one.gateway.stop()
