"""Whether what is recommended to users becomes less varied over sessions, and unlike a neutral user's.

Entropy falls where a user is shown ever fewer kinds of things; the divergence to what a neutral user is shown
at the same session rises where users are led away, be it to as many kinds. Both are estimated for each
user's own choices at a checkpoint and averaged, or, where a user has one or two choices at a checkpoint, for
all users' choices together (`together`): then the entropy tells whether users become alike.

Intervals are bootstrapped over users: the estimate and the t quantile of so many users times the bootstrap's
standard error. The neutral user's choices are taken as they are; ask it often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t

from forwhom.statistics.clustering import Floats, codes
from forwhom.statistics.diversity import divergence, entropy
from forwhom.statistics.estimates import Estimate

_DRAWS = 999


@dataclass(frozen=True)
class Variety:
    """At one checkpoint, in bits: entropy of the users' choices, that of the neutral user's, and divergence
    between both (0 to 1). p of an estimate: of 0, which says something of a divergence only."""

    session: int
    entropy: Estimate
    neutral_entropy: float
    divergence: Estimate


@dataclass(frozen=True)
class Narrowing:
    """entropy_change, divergence_change: last checkpoint less first, of users asked at both. excess_change:
    the change of entropy less the neutral user's; negative: users' choices narrow more than its do."""

    checkpoints: tuple[Variety, ...]
    entropy_change: Estimate
    excess_change: Estimate
    divergence_change: Estimate
    n_users: int
    n_choices: int


def narrowing(
    choices: pl.DataFrame,
    neutral: pl.DataFrame,
    confidence: float = 0.95,
    seed: int = 1,
    *,
    together: bool = False,
) -> Narrowing | None:
    """choices, neutral: user, session, choice (str), one row a choice, any number for a user and session;
    `neutral` holds the neutral user's, or the control users'. seed: of the bootstrap.

    Only sessions that both have count; None below two of them or below three users with all of them.
    """
    sessions = sorted(set(choices["session"]) & set(neutral["session"]))
    ours = choices.drop_nulls("choice").filter(pl.col("session").is_in(sessions))
    ours = ours.filter(pl.col("session").n_unique().over("user") == len(sessions))
    theirs = neutral.drop_nulls("choice").filter(pl.col("session").is_in(sessions))
    users = ours["user"].n_unique()
    if len(sessions) < 2 or users < 3:
        return None
    kinds = pl.concat([ours["choice"], theirs["choice"]])
    kind = codes(kinds)
    n_kinds = int(kind.max()) + 1
    place = {session: k for k, session in enumerate(sessions)}
    at = [np.array([place[one] for one in table["session"]]) for table in (ours, theirs)]
    counts = np.zeros((users, len(sessions), n_kinds))
    np.add.at(counts, (codes(ours["user"]), at[0], kind[: ours.height]), 1)
    base = np.zeros((len(sessions), n_kinds))
    np.add.at(base, (at[1], kind[ours.height :]), 1)
    weights = np.random.default_rng(seed).multinomial(users, np.full(users, 1 / users), size=_DRAWS)
    of = _together if together else _each
    varied, unlike = of(counts, base, np.vstack([np.ones(users), weights]))
    own = entropy(base)

    def estimate(drawn: Floats) -> Estimate:
        return _estimate(drawn, users, confidence)

    table = [
        Variety(int(session), estimate(varied[:, k]), float(own[k]), estimate(unlike[:, k]))
        for k, session in enumerate(sessions)
    ]
    change = varied[:, -1] - varied[:, 0]
    return Narrowing(
        tuple(table), estimate(change), estimate(change - (own[-1] - own[0])),
        estimate(unlike[:, -1] - unlike[:, 0]), users, ours.height,
    )  # fmt: skip


def _each(counts: Floats, base: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Entropy and divergence of each user's own choices, averaged; each of shape (draws, sessions)."""
    share = weights / weights.sum(axis=1, keepdims=True)
    return share @ entropy(counts), share @ divergence(counts, base)


def _together(counts: Floats, base: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Those of all users' choices together."""
    drawn = np.einsum("du,usk->dsk", weights, counts)
    return entropy(drawn), divergence(drawn, base)


def _estimate(drawn: Floats, users: int, confidence: float) -> Estimate:
    """drawn: the estimate, and then the bootstrap's."""
    # Drawing users with replacement has a variance that is too small by (users - 1) / users.
    error = float(drawn[1:].std(ddof=1)) * (users / (users - 1)) ** 0.5
    found = float(drawn[0])
    half = float(t.ppf(0.5 + confidence / 2, users - 1)) * error
    p = 2 * float(t.sf(abs(found) / error, users - 1)) if error > 1e-12 else float(abs(found) < 1e-12)
    return Estimate(found, found - half, found + half, p)
