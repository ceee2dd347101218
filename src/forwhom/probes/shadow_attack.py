"""Does what is seen of a user tell whether they have an attribute? The attack of somebody with other users.

The attacker knows of some users (the shadows) whether they have it, and sees something of all: a mask,
the load of experts. What differs between the shadows' two classes becomes a score; of two fresh users, one
of whom has it, the one that scores higher is taken to be that one. Guessing is right half of the time.
Property inference from a model's parameters with shadow models, on users instead of data sets.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_FEWEST = 3  # shadows of a class of which a mean is worth something
_SHRINKAGE = 0.3
_ROUNDING = 1e-15  # of a variance
_SURE = 100.0  # standard deviations: more than that says nothing more


@dataclass(frozen=True)
class Guess:
    """Of two users: which one the attacker takes to have the attribute.

    lead: the target's score above the other's, in standard deviations of the shadows of one class; above 0:
    the target is taken; 0: nothing tells them apart. share: the attacker's belief in the target, in [0, 1].
    shadows: how many there were with the attribute, and without.
    """

    lead: float
    share: float
    shadows: tuple[int, int]


def tell_apart(
    seen: Mapping[str, tuple[float, ...]], having: Collection[str], target: str, other: str
) -> Guess:
    """seen: by user, all of one length. having: the users who have the attribute, the target among them.

    All users but the two are shadows; the attack is as if `target` and `other` were never seen before.
    """
    fresh = (target, other)
    yes = np.array([one for user, one in seen.items() if user in having and user not in fresh])
    no = np.array([one for user, one in seen.items() if user not in having and user not in fresh])
    shadows = (len(yes), len(no))
    if min(shadows) < _FEWEST:
        return Guess(0.0, 0.5, shadows)
    weights = _weights(yes, no)
    spread = float(np.concatenate([_centred(yes) @ weights, _centred(no) @ weights]).std())
    ahead = float((np.array(seen[target]) - np.array(seen[other])) @ weights)
    # Shadows of one class may be all alike, as where each has one expert of few.
    least = math.sqrt(_ROUNDING) * float(np.linalg.norm(weights))
    lead = float(np.clip(ahead / max(spread, least), -_SURE, _SURE)) if least > 0 else 0.0
    return Guess(lead, float(1 / (1 + np.exp(-np.clip(lead, -30, 30)))), shadows)


def bits_told(seen: Mapping[str, tuple[float, ...]], having: Collection[str]) -> float:
    """Mutual information of the score and the attribute in bits, a lower bound of what is seen tells.

    Every user is scored by the attack of all others; as many as have the attribute are taken to have it,
    those of the highest scores. Plug-in estimate less its bias (Miller and Madow: one free cell, 1/2N
    nats), at least 0.
    """
    users = list(seen)
    has = np.array([user in having for user in users])
    if min(has.sum(), (~has).sum()) <= _FEWEST:
        return 0.0
    vectors = np.array([seen[user] for user in users])
    scores = np.array([_score(vectors, has, place) for place in range(len(users))])
    return information(scores >= np.sort(scores)[-has.sum()], has)


def information(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Mutual information of two yes-or-no observations in bits, less its bias, at least 0."""
    joint = np.array([[np.mean((one == a) & (other == b)) for b in (False, True)] for a in (False, True)])
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    there = joint > 0
    plug_in = float((joint[there] * np.log2(joint[there] / apart[there])).sum())
    return max(0.0, plug_in - 1 / (2 * len(one) * math.log(2)))


def _score(vectors: Numbers, has: npt.NDArray[np.bool_], place: int) -> float:
    """How far the user at `place` lies on the side of those who have it, by the attack of all others."""
    others = np.arange(len(vectors)) != place
    yes, no = vectors[others & has], vectors[others & ~has]
    middle = (yes.mean(0) + no.mean(0)) / 2
    return float((vectors[place] - middle) @ _weights(yes, no))


def _weights(yes: Numbers, no: Numbers) -> Numbers:
    """Difference of the class means over the spread within: Fisher's linear discriminant.

    There are more features than shadows, so the covariance within is shrunk towards a multiple of the
    identity (regularized discriminant analysis), and inverted in the space of the shadows.
    """
    apart, within = yes.mean(0) - no.mean(0), np.concatenate([_centred(yes), _centred(no)])
    count = len(within)
    mean_variance = float((within**2).mean())
    if mean_variance <= _ROUNDING:
        # Rounding is no difference: of a mask that all users share, nothing may be made.
        return apart if float((apart**2).mean()) > _ROUNDING else np.zeros_like(apart)
    ridge, rest = _SHRINKAGE * mean_variance, (1 - _SHRINKAGE) / count
    inside = ridge * np.eye(count) + rest * within @ within.T
    weights: Numbers = (apart - rest * within.T @ np.linalg.solve(inside, within @ apart)) / ridge
    return weights


def _centred(values: Numbers) -> Numbers:
    centred: Numbers = values - values.mean(0)
    return centred
