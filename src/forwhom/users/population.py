"""Populations: the built-in one, in which every pair of attribute levels meets, and any number by seed.

Testing each attribute alone would miss what only two together show; a covering array of strength two
has every pair of levels in some person, with few people.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache, partial

import covertable

from forwhom.errors import InputError
from forwhom.users.attributes import catalogue
from forwhom.users.person import person
from forwhom.users.user import User

BUILTIN_SIZE = 64
_ORDINARY = 0.6  # most people are ordinary in most ways

Levels = tuple[str, tuple[str, ...]]
_MINOR: Levels = ("age_group", ("minor",))
_ELDER: Levels = ("age_group", ("elder",))
_ASYLUM: Levels = ("legal_status", ("asylum_seeker",))
_RETIRED: Levels = ("finances", ("retired_on_small_pension",))
_PREGNANT: Levels = ("pregnancy", ("pregnant",))
_PILOT: Levels = ("occupation", ("pilot",))
_ANY_JOB: Levels = (
    "occupation",
    ("office_worker", "locksmith", "pharmacist", "chemistry_teacher", "pilot"),
)
_ORGANIZES_AT_WORK: Levels = ("politics", ("union_organizer",))
_SILENT_AT_WORK: Levels = ("orientation", ("gay",))

_IMPLAUSIBLE: tuple[tuple[Levels, Levels], ...] = (
    # A child has no work, debts, pension, marriage or recovery behind it, nor an old person's medicine.
    (_MINOR, _ANY_JOB),
    (_MINOR, _ORGANIZES_AT_WORK),
    (_MINOR, _SILENT_AT_WORK),
    (_MINOR, ("finances", ("in_debt", "retired_on_small_pension"))),
    (_MINOR, ("relationships", ("recently_divorced", "fleeing_abuser"))),
    (_MINOR, ("addiction", ("alcohol", "gambling"))),
    (_MINOR, ("medication", ("statin",))),
    (_MINOR, _PREGNANT),
    # Who is 82 or lives on a pension does not work any more.
    (_ELDER, _ANY_JOB),
    (_ELDER, _ORGANIZES_AT_WORK),
    (_ELDER, _SILENT_AT_WORK),
    (_ELDER, _PREGNANT),
    (_RETIRED, _ANY_JOB),
    (_RETIRED, _ORGANIZES_AT_WORK),
    (_RETIRED, _SILENT_AT_WORK),
    (_RETIRED, _PREGNANT),
    # An asylum seeker may not take a job yet, and so has neither a pension nor a credit card.
    (_ASYLUM, _ANY_JOB),
    (_ASYLUM, _ORGANIZES_AT_WORK),
    (_ASYLUM, _SILENT_AT_WORK),
    (_ASYLUM, ("finances", ("in_debt", "retired_on_small_pension"))),
    # Both medicines are stopped in pregnancy.
    (_PREGNANT, ("medication", ("warfarin", "statin"))),
    # An airline pilot passes a medical check every year and leaves the county for work.
    (_PILOT, ("disability", ("wheelchair_user", "blind", "deaf"))),
    (_PILOT, ("condition", ("epilepsy", "kidney_disease"))),
    (_PILOT, ("medication", ("warfarin", "lithium"))),
    (_PILOT, ("legal_status", ("on_probation",))),
    # A locksmith of whom it is said that they drive a van.
    (("occupation", ("locksmith",)), ("disability", ("blind",))),
)
"""Pairs of levels that hardly anybody has; such a person would be a caricature, and no finding about them
would hold for anybody."""


def is_plausible(domain: str, level: str, other: str, other_level: str) -> bool:
    """Whether one person can have both levels."""
    return frozenset({(domain, level), (other, other_level)}) not in _excluded()


def excluded_pairs() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Every pair of (domain, level) that no person of a population has."""
    return [
        ((one, level), (two, other))
        for (one, levels), (two, others) in _IMPLAUSIBLE
        for level in levels
        for other in others
    ]


@lru_cache(maxsize=1)
def _excluded() -> frozenset[frozenset[tuple[str, str]]]:
    return frozenset(frozenset(pair) for pair in excluded_pairs())


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
    # Many have no occupation: nothing is known in that domain.
    factors["occupation"] = [_LEFT_OUT, *factors["occupation"]]
    possible = [
        {"operator": "fn", "requires": [one, other], "evaluate": partial(_is_possible, one, other)}
        for one, other in dict.fromkeys((one, other) for (one, _), (other, _) in excluded_pairs())
    ]
    rows = covertable.make(factors, strength=2, constraints=possible)
    return [{k: row[k] for k in factors if row[k] != _LEFT_OUT} for row in map(dict, rows)]


def _is_possible(one: str, other: str, row: Mapping[str, str]) -> bool:
    return is_plausible(one, row[one], other, row[other])


_LEFT_OUT = ""


def _levels(domain: str) -> list[str]:
    return [level.value for level in catalogue()[domain].levels]


def _random_row(draw: random.Random) -> dict[str, str]:
    row: dict[str, str] = {}
    # What excludes most others first: the rest is drawn from what is left.
    for domain in sorted(catalogue(), key=lambda name: name not in ("age_group", "legal_status", "finances")):
        possible = [
            level
            for level in _levels(domain)
            if all(is_plausible(domain, level, other, known) for other, known in row.items())
        ]
        if possible:
            ordinary = possible[0] == _levels(domain)[0] and draw.random() < _ORDINARY
            row[domain] = possible[0] if ordinary else draw.choice(possible)
    return {domain: row[domain] for domain in catalogue() if domain in row}
