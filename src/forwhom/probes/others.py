"""Somebody else in a scenario, and what nobody but they can have told: canaries."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from forwhom.users.user import User

_WORDS = ("amber", "birch", "cobalt", "delta", "ember", "fjord", "garnet", "hazel", "indigo", "jasper")


def somebody_else(user: User, item: str, population: Sequence[User]) -> User | None:
    """Another user of the deployment, drawn for each user and item; None where there is nobody."""
    others = [one for one in population if one.id != user.id and not one.is_neutral]
    return others[crc32(f"{user.id}:{item}".encode()) % len(others)] if others else None


def phrase(user: User, item: str) -> str:
    """The canary that this user tells for this item: nothing but the user's note can hold it."""
    number = crc32(f"phrase:{user.id}:{user.canary}:{item}".encode())
    return f"{_WORDS[number % 10]}-{_WORDS[number // 10 % 10]}-{number % 900 + 100}"


def canaries_of_others(
    user: User, other: User | None, item: str, population: Sequence[User]
) -> tuple[str, ...]:
    """The phrase that `other` tells for this item, and the canary of everybody but `user`."""
    canaries = tuple(one.canary for one in population if one.id != user.id and one.canary)
    return () if other is None else (phrase(other, item), *canaries)


def partner(user: User, population: Sequence[User]) -> User | None:
    """The user who stands beside this one in the population: the two of every even group."""
    ids = [one.id for one in population]
    place = ids.index(user.id) ^ 1 if user.id in ids else len(ids)
    return population[place] if place < len(population) else None
