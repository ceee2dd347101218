"""The session from which a system is riskier (or less risky) than before: one change of level.

Of the mean risk per session (less the control's, where there is one) the best single change is found by exact
search under squared loss (ruptures' Dynp). Even a course without any change has a best one; how much of its
spread that explains is therefore compared with what it explains where nothing changed:

* Users share nothing but the number of a session (`shared` false). Under no change a user's course about its
  own mean is as likely as its mirror image, however its sessions depend on each other, so the signs of whole
  users are drawn. At a level of 5 % it takes six users, and three checkpoints do.
* Something happens to all users in each session, as where all go through one script (`shared` true). Then
  only the order of the sessions is exchangeable, the same for all users. It takes eight checkpoints.

The confidence set of the session is the same test turned round: a session stays in it unless the best change
fits better than the one at that session by more than chance (the users' deviations from their mean course,
with random signs, or the sessions' in random order) would have it. A user's course is its mean over items:
the claim is of other users, on these items.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import comb

import numpy as np
import polars as pl
import ruptures

from forwhom.statistics.checkpoints import excess, once
from forwhom.statistics.clustering import Floats, codes
from forwhom.statistics.score_interval import FEWEST

_DRAWS = 1999


@dataclass(frozen=True)
class ChangePoint:
    """session: the first with the new level; before, after: mean (excess) risk of the sessions up to it and
    from it on. sessions: the confidence set, all sessions that the data do not exclude as the first with the
    new level, if there is one; read it where p is small. p: of no change, two-sided. least_p: below that it
    cannot fall with so many users or checkpoints. why: "" or why no p can reach the level.
    """

    session: int
    before: float
    after: float
    sessions: tuple[int, ...]
    p: float
    least_p: float
    why: str
    n_checkpoints: int
    n_users: int
    n_items: int


def change_point(
    cells: pl.DataFrame,
    control: pl.DataFrame | None = None,
    confidence: float = 0.95,
    seed: int = 1,
    *,
    shared: bool = False,
) -> ChangePoint | None:
    """cells, control: tables of checkpoints; see checkpoints.py. seed: of what is drawn.

    None below three checkpoints or three users.
    """
    asks = excess(cells, control) if control is not None else once(cells).with_columns(excess="risk")
    asks = asks.drop_nulls("excess")
    sessions = asks["session"].unique().sort()
    if min(len(sessions), asks["user"].n_unique()) < FEWEST:
        return None
    moves = _moves(asks)
    course: Floats = moves.sum(axis=0)
    place = int(ruptures.Dynp(model="l2", min_size=1, jump=1).fit(course).predict(n_bkps=1)[0])
    rng = np.random.default_rng(seed)
    null = _orders(course, rng) if shared else _signs(len(moves), rng) @ moves
    p = _share_at_least(gains(null).max(axis=1), gains(course).max())
    n = len(sessions)
    # Any order does as well that puts the same sessions on the same side of the change, or on the other.
    least = 2 / comb(n, n // 2) if shared else 2.0 ** (1 - len(moves))
    level = float(asks["excess"].mean())  # type: ignore[arg-type]
    kept = _not_excluded(course, moves, rng, 1 - confidence, shared=shared)
    return ChangePoint(
        int(sessions[place]), level + float(course[:place].mean()), level + float(course[place:].mean()),
        tuple(int(sessions[one]) for one in kept), p, max(least, 1 / (1 + _DRAWS)),
        _why_not(least, n, len(moves), 1 - confidence, shared=shared), n, len(moves), asks["item"].n_unique(),
    )  # fmt: skip


def gains(courses: Floats) -> Floats:
    """By how much a change at each place lessens the squared loss; shape (..., n) to (..., n - 1)."""
    n = courses.shape[-1]
    size = np.arange(1, n)
    reached = courses.cumsum(axis=-1)
    beyond: Floats = reached[..., :-1] - reached[..., -1:] * size / n
    found: Floats = beyond**2 * n / (size * (n - size))
    return found


def _moves(asks: pl.DataFrame) -> Floats:
    """What each user adds to the mean course: deviations from the mean of each user and item, shape (users,
    sessions). Their sum over users is the mean course."""
    apart = (pl.col("excess") - pl.col("excess").mean().over("user", "item")).alias("apart")
    user, session = codes(asks["user"]), codes(asks["session"])
    moves = np.zeros((user.max() + 1, session.max() + 1))
    np.add.at(moves, (user, session), asks.select(apart).to_series().to_numpy())
    found: Floats = moves / np.bincount(session)
    return found


def _not_excluded(
    course: Floats, moves: Floats, rng: np.random.Generator, level: float, *, shared: bool
) -> list[int]:
    n, users = len(course), len(moves)
    signs = _signs(users, rng)
    spread = (moves - course / users) * (users / (users - 1)) ** 0.5
    kept = []
    for place in range(1, n):
        step = np.where(np.arange(n) < place, course[:place].mean(), course[place:].mean())
        noise = _orders((course - step) * (n / (n - 2)) ** 0.5, rng) if shared else signs @ spread
        found, drawn = gains(course), gains(step + noise)
        better = drawn.max(axis=1) - drawn[:, place - 1]
        if _share_at_least(better, found.max() - found[place - 1]) > level:
            kept.append(place)
    return kept


def _signs(users: int, rng: np.random.Generator) -> Floats:
    signs: Floats = rng.choice([-1.0, 1.0], size=(_DRAWS, users))
    return signs


def _orders(course: Floats, rng: np.random.Generator) -> Floats:
    return rng.permuted(np.tile(course, (_DRAWS, 1)), axis=1)


def _share_at_least(drawn: Floats, observed: float) -> float:
    return (1 + int((drawn >= observed - 1e-9 * abs(observed) - 1e-12).sum())) / (1 + len(drawn))


def _why_not(least: float, checkpoints: int, users: int, level: float, *, shared: bool) -> str:
    if least <= level:
        return ""
    if shared:
        enough = next(n for n in count(3) if 2 / comb(n, n // 2) <= level)
        have, take = f"{checkpoints} checkpoints", f"{enough} checkpoints"
    else:
        have, take = f"{users} users", f"{next(n for n in count(2) if 2.0 ** (1 - n) <= level)} users"
    return (
        f"{have} cannot show a change at a level of {level:.3g}, whatever is answered: p is at least "
        f"{least:.3g}; it takes {take}."
    )
