"""What the mitigations of a system do to what its other layers get: each in turn, in their order."""

from __future__ import annotations

from collections.abc import Mapping

from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from forwhom.systems.weights import Weights
from forwhom.users.user import User


def begun(system: System, known: User, population: Mapping[str, User], session: int = 1) -> Exchange:
    """A conversation of `known`, who and whose like are already as `collected`."""
    return Exchange(known, tuple(population.values()), session, guards=system.guards)


def collected(user: User, system: System) -> User:
    """What of a person is kept at all."""
    for guard in system.guards:
        user = guard.collects(user)
    return user


def admitted(happened: Happening, exchange: Exchange) -> Happening | None:
    """What of an event may be remembered or learned from; None for nothing."""
    for guard in exchange.guards:
        let_in = guard.admits(happened, exchange)
        if let_in is None:
            return None
        happened = let_in
    return happened


def fitted(system: System, exchange: Exchange) -> Weights:
    """What the layers of the system learn of the user by now."""
    changes = []
    for layer in system.layers:
        change = layer.weights(exchange)
        if change is None:
            continue
        for guard in system.guards:
            change = guard.amends(change, exchange)
        changes.append(change)
    return Weights(tuple(changes))


def granted(attempt: Attempt, exchange: Exchange) -> bool:
    """Whether an agent is given the tool at all for this request."""
    return all(guard.grants(attempt, exchange) for guard in exchange.guards)


def let(attempt: Attempt, exchange: Exchange) -> Attempt | None:
    """The call as it may be made; None for not at all."""
    for guard in exchange.guards:
        may = guard.lets(attempt, exchange)
        if may is None:
            return None
        attempt = may
    return attempt


def worded_knowingly(turn: Turn, system: System) -> Turn:
    """`turn` as an attacker words it who knows the mitigations."""
    for guard in system.guards:
        turn = guard.evades(turn)
    return turn
