"""What the mitigations of a system do to what its other layers get: each in turn, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from forwhom.systems.attempt import Attempt
from forwhom.systems.history import as_of
from forwhom.systems.layer import Exchange, Happening, Layer
from forwhom.systems.mitigation import Mitigation
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from forwhom.systems.weights import WeightChange, Weights, amended
from forwhom.users.user import User

T = TypeVar("T")


def begun(system: System, known: User, population: Mapping[str, User], session: int = 1) -> Exchange:
    """A conversation of `known`, who and whose like are already as `collected`."""
    return Exchange(known, tuple(population.values()), session, guards=system.guards)


def collected(user: User, guards: Iterable[Mitigation]) -> User:
    """What of a person is kept at all."""
    for guard in guards:
        user = guard.collects(user)
    return user


def admitted(happened: Happening, exchange: Exchange) -> Happening | None:
    """What of an event may be remembered or learned from; None for nothing."""
    return _passed(happened, (partial(guard.admits, exchange=exchange) for guard in exchange.guards))


def fitted(system: System, exchange: Exchange) -> Weights:
    """What the layers of the system learn of the user by now."""
    learned = [(layer, _learned(layer, exchange, system)) for layer in system.layers]
    return Weights(tuple(_released(layer, one, exchange, system) for layer, one in learned if one))


def _learned(layer: Layer, exchange: Exchange, system: System) -> WeightChange | None:
    """What `layer` learns of the user by now, as the guards amend it."""
    change = layer.weights(exchange)
    if change is None:
        return None
    for guard in system.guards:
        # What is learned, inside whatever an earlier guard put around it.
        change = amended(change, partial(guard.amends, exchange=exchange))
    return change


def _released(layer: Layer, change: WeightChange, exchange: Exchange, system: System) -> WeightChange:
    """What is served of `layer`, which has learned `change` by now."""
    released = change
    for guard in system.guards:
        released = guard.releases(released, _earlier(layer, change, exchange, system), exchange)
    return released


def _earlier(
    layer: Layer, change: WeightChange, exchange: Exchange, system: System
) -> Iterator[WeightChange]:
    """What `layer` had learned by earlier sessions, the newest first. change: what it has learned by now."""
    newer = change
    for session in range(exchange.session - 1, 0, -1):
        older = _learned(layer, as_of(exchange, session), system)
        if older is not None and older.key != newer.key:
            newer = older
            yield older


def granted(attempt: Attempt, exchange: Exchange) -> bool:
    """Whether an agent is given the tool at all for this request."""
    return all(guard.grants(attempt, exchange) for guard in exchange.guards)


def let(attempt: Attempt, exchange: Exchange) -> Attempt | None:
    """The call as it may be made; None for not at all."""
    return _passed(attempt, (partial(guard.lets, exchange=exchange) for guard in exchange.guards))


def _passed(one: T, steps: Iterable[Callable[[T], T | None]]) -> T | None:
    """`one` as it comes out of all steps; None as soon as a step lets nothing through."""
    for step in steps:
        through = step(one)
        if through is None:
            return None
        one = through
    return one


def worded_knowingly(turn: Turn, system: System) -> Turn:
    """`turn` as an attacker words it who knows the mitigations."""
    for guard in system.guards:
        turn = guard.evades(turn)
    return turn
