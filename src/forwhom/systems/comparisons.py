"""What a user's feedback holds to learn from: comparisons of two answers, as a deployment keeps them.

Of the person: which of two answers they preferred. Of the script: what was rated in earlier sessions, by
whomever; a deployment that learns from its traffic does not ask who gave a rating, unless it vets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from forwhom.systems.history import last_update
from forwhom.systems.layer import Exchange, Happening
from forwhom.users.user import User


class Comparison(NamedTuple):
    """Of two answers to `prompt` somebody chose one."""

    prompt: str
    chosen: str
    rejected: str


def own_comparisons(user: User) -> list[Comparison]:
    """Every preference of `user`, in their order."""
    return [Comparison(one.prompt, one.chosen, one.rejected) for one in user.preferences]


def earlier_feedback(exchange: Exchange, *, vets: bool = False, every: int = 1) -> list[Comparison]:
    """What was rated before the present session, or before the last of every `every`.

    vets: without what others than the user rated.
    """
    until = last_update(exchange.session, every)
    return [
        Comparison(one.text, *one.options)
        for one in exchange.log
        if is_comparison(one) and one.session < until and (not vets or one.is_by(exchange.known))
    ]


def is_comparison(one: Happening) -> bool:
    """Whether somebody chose one of two answers."""
    return one.kind == "feedback" and len(one.options) == len(("chosen", "rejected"))


def as_data(comparisons: Sequence[Comparison]) -> list[list[str]]:
    """The comparisons as JSON, for the key of a fit."""
    return [list(one) for one in comparisons]
