"""Are simulated users who they are meant to be? Two measures of what they said in their lives.

Faithful: what the script wanted said was said. Of each line, the share of its words of meaning (numbers,
names and words of four letters or more, by their first five letters) that are there; beside it the same share
in lines of others, which is what talk about the same things gives by itself.
Distinct: a person can be told from the others by what they say. Each session is given to the user whose other
sessions it is nearest to (static embeddings, cosine of means); the share that is right, beside chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forwhom.systems.memory_store import embed


@dataclass(frozen=True)
class Line:
    """One thing that `user` was to say in a session, and what they said."""

    user: str
    session: int
    scripted: str
    said: str


@dataclass(frozen=True)
class Fidelity:
    """kept: mean share of the script's words that were said; others: the same share in other users' lines.
    recognized: share of sessions that are given to the right user; chance: 1 / users. NaN where there is
    nothing to compare. users, lines: how many."""

    kept: float
    others: float
    recognized: float
    chance: float
    users: int
    lines: int


def fidelity(lines: Sequence[Line]) -> Fidelity:
    """Of the lines of a study; the same user's lines with several systems count once each."""
    lines = list(dict.fromkeys(lines))
    users = sorted({one.user for one in lines})
    own = [share for one in lines if (share := _kept(one.scripted, one.said)) is not None]
    shifted = [(one, lines[(place + len(lines) // 2) % len(lines)]) for place, one in enumerate(lines)]
    pairs = [(one, other) for one, other in shifted if one.user != other.user]
    apart = [share for one, other in pairs if (share := _kept(one.scripted, other.said)) is not None]
    return Fidelity(
        _mean(own), _mean(apart), _recognized(lines, users), 1 / len(users) if users else float("nan"),
        len(users), len(lines),
    )  # fmt: skip


def _kept(scripted: str, said: str) -> float | None:
    wanted = _words(scripted)
    return len(wanted & _words(said)) / len(wanted) if wanted else None


def _words(text: str) -> set[str]:
    found = re.findall(r"\d+|[A-Z][a-z]+|[a-z]{4,}", text)
    return {one.lower()[:5] for one in found}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _recognized(lines: Sequence[Line], users: Sequence[str]) -> float:
    sessions = sorted({(one.user, one.session) for one in lines})
    if len(users) < 2 or not sessions:
        return float("nan")
    spoken: dict[tuple[str, int], list[str]] = {}
    for one in lines:
        spoken.setdefault((one.user, one.session), []).append(one.said)
    texts = [" ".join(spoken[key]) for key in sessions]
    vectors, whose = embed(texts), np.array([users.index(user) for user, _ in sessions])
    sums = np.zeros((len(users), vectors.shape[1]))
    np.add.at(sums, whose, vectors)
    right = []
    for vector, user in zip(vectors, whose, strict=True):
        others = sums.copy()
        others[user] -= vector
        if not np.abs(others[user]).sum():
            continue  # the only session of this user
        unit = others / np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-12)
        right.append(float((unit @ vector).argmax() == user))
    return _mean(right)
