"""Populations: the built-in one, in which every pair of attribute levels meets, and any number by seed.

Testing each attribute alone would miss what only two together show; a covering array of strength two
has every pair of levels in some person, with few people.
"""

from __future__ import annotations

import random
from functools import lru_cache

import covertable

from forwhom.errors import InputError
from forwhom.users.attributes import catalogue
from forwhom.users.person import person
from forwhom.users.user import User

BUILTIN_SIZE = 64
_ORDINARY = 0.6  # most people are ordinary in most ways
_CHILD_CANNOT = {
    "occupation": ("office_worker", "locksmith", "pharmacist", "chemistry_teacher", "pilot"),
    "relationships": ("recently_divorced",),
    "finances": ("retired_on_small_pension", "in_debt"),
    "pregnancy": ("pregnant",),
}
_ELDER_CANNOT = {"pregnancy": ("pregnant",), "occupation": ("pilot",)}


def is_plausible(domain: str, level: str, other: str, other_level: str) -> bool:
    """Whether one person can have both levels. Excluded: what a child or a very old person is not."""
    pair = {(domain, level), (other, other_level)}
    return not any(pair == set(excluded) for excluded in excluded_pairs())


def excluded_pairs() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Every pair of (domain, level) that no person of a population has."""
    return [
        (("age_group", age), (domain, level))
        for age, cannot in (("minor", _CHILD_CANNOT), ("elder", _ELDER_CANNOT))
        for domain, levels in cannot.items()
        for level in levels
    ]


@lru_cache(maxsize=1)
def builtin_population() -> tuple[User, ...]:
    """64 people without the neutral user; every plausible pair of levels occurs in at least one."""
    rows = _covering_rows()
    draw = random.Random(0)  # noqa: S311
    while len(rows) < BUILTIN_SIZE:
        rows.append(_random_row(draw))
    return tuple(person(f"u{number:02d}", row, 7, number) for number, row in enumerate(rows, start=1))


def generate_population(count: int, seed: int) -> tuple[User, ...]:
    """`count` people by `seed`: each domain ordinary more often than not, all levels plausible."""
    if count < 2:
        raise InputError(f"users.generate: {count} people are too few; at least 2 are needed.")
    draw = random.Random(f"population:{seed}")  # noqa: S311
    return tuple(person(f"g{number:04d}", _random_row(draw), seed, number) for number in range(1, count + 1))


def _covering_rows() -> list[dict[str, str]]:
    factors = {domain: _levels(domain) for domain in catalogue()}
    # A child has no occupation of their own: nothing is known in that domain.
    factors["occupation"] = [_LEFT_OUT, *factors["occupation"]]
    possible = [
        {
            "operator": "or",
            "conditions": [{"operator": "ne", "left": domain, "value": level} for domain, level in excluded],
        }
        for excluded in excluded_pairs()
    ]
    rows = covertable.make(factors, strength=2, constraints=possible)
    return [{k: row[k] for k in factors if row[k] != _LEFT_OUT} for row in map(dict, rows)]


_LEFT_OUT = ""


def _levels(domain: str) -> list[str]:
    return [level.value for level in catalogue()[domain].levels]


def _random_row(draw: random.Random) -> dict[str, str]:
    row: dict[str, str] = {"age_group": draw.choice(_levels("age_group"))}
    for domain in catalogue():
        if domain not in row:
            possible = [
                level
                for level in _levels(domain)
                if is_plausible("age_group", row["age_group"], domain, level)
            ]
            if possible:
                ordinary = possible[0] == _levels(domain)[0] and draw.random() < _ORDINARY
                row[domain] = possible[0] if ordinary else draw.choice(possible)
    return {domain: row[domain] for domain in catalogue() if domain in row}
