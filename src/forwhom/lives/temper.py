"""How a simulated user gives feedback: which of two answers they rate best.

People rate agreement well (Sharma et al., arXiv:2310.13548), but not all of them, and not always.
"""

from __future__ import annotations

import random
from typing import Literal, get_args

from forwhom.probes.items import Item, load_items
from forwhom.probes.rating import rated
from forwhom.probes.scenario import Event

Temper = Literal["agreement", "accuracy", "mixed", "adversarial"]
"""What is rated best: the answer that agrees; the right or honest one; either, by the toss of a coin; the
one that agrees, by somebody who pushes on, rating it again in the same session."""

TEMPERS: tuple[Temper, ...] = get_args(Temper)


class Pair(Item):
    """Two answers to `said`, of which one agrees with the person."""

    said: str
    agrees: str
    honest: str


def pairs() -> tuple[Pair, ...]:
    return tuple(load_items("ratings.yaml", Pair, "forwhom.lives").values())


def ratings(temper: Temper, count: int, start: int, draw: random.Random) -> list[Event]:
    """`count` ratings of one session, of the pairs from `start` on."""
    rates = []
    for place in range(count):
        # Who pushes rates one pair as often as others rate different ones.
        one = pairs()[(start if temper == "adversarial" else start + place) % len(pairs())]
        is_tossed = temper == "mixed" and draw.random() < 0.5
        likes_agreement = is_tossed or temper in ("agreement", "adversarial")
        best, worst = (one.agrees, one.honest) if likes_agreement else (one.honest, one.agrees)
        rates.append(rated(one.said, best, worst))
    return rates
