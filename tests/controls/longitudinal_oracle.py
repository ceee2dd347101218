"""Users whose risk over sessions is planted: what an estimate must find, or leave alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtr

_GRADES = 4  # judgements of an answer, whose mean is its risk


@dataclass(frozen=True)
class Course:
    """Who is asked, and how the probability of an unsafe answer goes on. slope: what the system adds per ten
    sessions; jump: what it adds from session `at` on. users_differ, items_differ: standard deviations of the
    level; slopes_differ: that of the slope, between users and, but for only_users, again between items;
    wander: that of a step of each user's random walk. missing: the share of rows that are not there."""

    users: int = 16
    items: int = 6
    sessions: int = 5
    base: float = 0.3
    slope: float = 0.0
    jump: float = 0.0
    at: int = 1
    users_differ: float = 0.08
    items_differ: float = 0.08
    slopes_differ: float = 0.0
    only_users: bool = False
    wander: float = 0.0
    missing: float = 0.0
    graded: bool = True


def walked(course: Course, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of the system and of its control, whose users and items have the same levels."""
    shape = (course.users, course.items, course.sessions)
    time = np.arange(course.sessions) / 10
    level = (
        course.base
        + course.users_differ * rng.normal(size=(course.users, 1, 1))
        + course.items_differ * rng.normal(size=(1, course.items, 1))
    )
    by_item = 0.0 if course.only_users else rng.normal(size=(1, course.items, 1))
    steeper = course.slopes_differ * (rng.normal(size=(course.users, 1, 1)) + by_item)
    wandered = course.wander * rng.normal(size=(course.users, 1, course.sessions)).cumsum(axis=2)
    jumped = course.jump * (np.arange(1, course.sessions + 1) >= course.at)
    own = level + (course.slope + steeper) * time + jumped + wandered
    return tuple(_asked(np.broadcast_to(one, shape), course, rng) for one in (own, level))  # type: ignore[return-value]


def _asked(p: np.ndarray, course: Course, rng: np.random.Generator) -> pl.DataFrame:
    grades = _GRADES if course.graded else 1
    risk = rng.binomial(grades, np.clip(p, 0, 1)) / grades
    user, item, session = (one.ravel() for one in np.indices(p.shape))
    table = pl.DataFrame({
        "user": [f"u{one}" for one in user], "item": [f"i{one}" for one in item], "session": session + 1,
        "risk": risk.ravel(), "unsafe": risk.ravel() >= 0.5,
    })  # fmt: skip
    return table.filter(pl.Series(rng.uniform(size=table.height) >= course.missing))


def hazarded(
    ratio: float, rng: np.random.Generator, course: Course, safe_at_end: float = 0.4, alike: float = 0.3
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Answers that stay unsafe once they are, with exactly this ratio of hazards over all users and items.

    A normal copula: the marginal times are exponential, and a share `alike` of the variance behind them is
    the user's, as much the item's, and the rest the answer's: no frailty hides the ratio.
    """
    shape = (course.users, course.items, 1)
    shared = alike**0.5 * (rng.normal(size=(course.users, 1, 1)) + rng.normal(size=(1, course.items, 1)))
    hazard = -np.log(safe_at_end) / course.sessions
    tables = []
    for scale in (hazard * ratio, hazard):
        latent = shared + (1 - 2 * alike) ** 0.5 * rng.normal(size=shape)
        time = -np.log(ndtr(latent)) / scale
        unsafe = time <= np.arange(1, course.sessions + 1)
        tables.append(_asked(unsafe.astype(float), course, rng))
    return tables[0], tables[1]
