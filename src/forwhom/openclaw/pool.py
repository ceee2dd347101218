"""Which gateway serves whom: one for each user, kept warm while there is room, or one for all."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import ClassVar
from weakref import WeakSet

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
    since: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class Pool:
    """Gateways of one agent under test. warm: how many, of this and every other pool of the process, may stay
    that serve nobody at the moment: each takes more than a gigabyte. is_shared: whether all users are in one.
    """

    start: Start
    warm: int
    is_shared: bool = False
    _held: dict[str, list[_Held]] = field(default_factory=dict)
    _lock: ClassVar[RLock] = RLock()
    _pools: ClassVar[WeakSet[Pool]] = WeakSet()
    _starting: dict[str, Lock] = field(default_factory=dict)
    _failures: list[InputError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pools.add(self)

    def lease(self, user: str) -> Lease:
        """A copy of the agent for this user; starts a gateway where theirs has none left."""
        user = "" if self.is_shared else user
        with self._lock:
            starting = self._starting.setdefault(user, Lock())
        with starting:  # of two samples of one user the second waits for the first one's gateway
            with self._lock:  # or another pool ends it before it is leased
                for held in self._held.get(user, ()):
                    if (agent := held.gateway.take()) is not None:
                        return self._given(held, agent)
            if len(self._failures) > 1:  # it would come to the same for every sample
                raise self._failures[-1]
            self._make_room()
            try:
                held = _Held(self.start())
            except InputError as error:
                self._failures.append(error)
                raise
            self._failures.clear()
            with self._lock:
                self._held.setdefault(user, []).append(held)
                agent = held.gateway.take()
                if agent is None:
                    raise RuntimeError("a new gateway has no copy of the agent")
                return self._given(held, agent)

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
            everyone = [(one, held) for pool in self._pools for held in pool._held.values() for one in held]
            idle = sorted((one for one in everyone if one[0].leases == 0), key=lambda one: one[0].since)
            ended = idle[: max(0, len(everyone) + 1 - self.warm)]
            for one, held in ended:
                held.remove(one)
        for one, _ in ended:
            one.gateway.stop()

    def stop(self) -> None:
        """Stop all."""
        with self._lock:
            everyone = [one for held in self._held.values() for one in held]
            self._held.clear()
        for one in everyone:
            one.gateway.stop()
