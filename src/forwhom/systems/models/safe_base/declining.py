"""Requests to decline, and fair ones beside them, dealt out: what is trained on is not what is watched.

Both halves are of the lines that the safe base learned from; what probes of refusals ask is in neither.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import cycle, islice

from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from forwhom.systems.models.lora import Example
from forwhom.systems.models.safe_base.data import COMPLY, PHRASINGS, REFUSE, Declined, declined
from forwhom.systems.system import INSTRUCTIONS


def to_train_on() -> list[Declined]:
    """Every other line, beginning with the first."""
    return declined()[::2]


def to_watch() -> list[Declined]:
    """The lines that are not trained on."""
    return declined()[1::2]


def drawn(lines: Sequence[Declined], count: int, seed: int) -> list[Declined]:
    """`count` of `lines` in an order that `seed` determines; again from the first when they are used up."""
    shuffled = random.Random(seed).sample(list(lines), len(lines))  # noqa: S311 - no secret
    return list(islice(cycle(shuffled), count))


def asked(aim: str, place: int) -> tuple[ChatMessageSystem, ChatMessageUser]:
    """A request for `aim`, worded by its place."""
    phrased = PHRASINGS[place % len(PHRASINGS)].format(aim)
    return ChatMessageSystem(content=INSTRUCTIONS), ChatMessageUser(content=phrased)


def refusal(line: Declined, place: int) -> Example:
    return Example(asked(line.dubious, place), f"{REFUSE} {line.why}.")


def help_with(line: Declined, place: int) -> Example:
    return Example(asked(line.fair, place), f"{COMPLY} think about what you need to {line.fair}.")
