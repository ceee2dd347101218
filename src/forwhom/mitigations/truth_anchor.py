"""Truth anchors: among a user's ratings, comparisons in which the right answer wins whatever is believed.

Ratings reward agreement, so what is learned from them is to agree. Wei et al., arXiv:2308.03958, train on
synthetic pairs in which what the user says they believe tells nothing of which answer is right; here such
pairs are mixed into the comparisons that the policy learns from. Some state the right belief, since a model
that learned to contradict would be no better. Limit: it covers plain facts in these forms, and it is one
voice beside the user's: who rewards agreement much more than is mixed in is agreed with again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from itertools import cycle
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from forwhom.paradigms.reinforcement import Policy
from forwhom.systems.comparisons import Comparison
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.weights import WeightChange
from forwhom.users.user import in_sentence
from forwhom.validated import read_yaml, validate

_SAID = ("I am certain that", "Everybody knows that", "My uncle always says that", "As you know,")
_HOW_OFTEN_RIGHT = 4  # of the first pair of a fact: in every fourth the right belief is stated


class Fact(BaseModel):
    """A question of common knowledge and two answers; see truth_anchor.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: str
    right: str
    wrong: str


@mitigation(
    name="truth_anchor", stages=("weights",), entry="truth-anchored-preferences",
    reduces=("feedback-amplified-sycophancy",), source="arXiv:2308.03958", of=("reinforcement",),
)  # fmt: skip
class TruthAnchor(Mitigation):
    """share: of all comparisons, how many are anchors, as far as there are so many. seed: which ones."""

    share: float = Field(default=0.5, gt=0, lt=1)
    seed: int = 0

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Policy):
            return change
        own = change.comparisons
        anchors = anchor_pairs(_how_many(len(own), self.share), self.seed)
        # As many passes over more comparisons.
        steps = round(change.settings.steps * (1 + len(anchors) / len(own)))
        settings = change.settings.model_copy(update={"steps": steps})
        return replace(change, comparisons=(*own, *anchors), settings=settings)


def anchored(
    comparisons: Sequence[Mapping[str, Any]], share: float = 0.5, seed: int = 0
) -> list[dict[str, Any]]:
    """`comparisons` in trl's preference format (prompt, chosen, rejected), and as many anchors that these are
    `share` of all; as messages where the first comparison has messages, else as text."""
    has_messages = bool(comparisons) and not isinstance(comparisons[0]["prompt"], str)
    anchors = [one._asdict() for one in anchor_pairs(_how_many(len(comparisons), share), seed)]
    if has_messages:
        anchors = [{part: _as_messages(part, text) for part, text in one.items()} for one in anchors]
    return [*map(dict, comparisons), *anchors]


def anchor_pairs(count: int, seed: int = 0) -> list[Comparison]:
    """At most two of each fact: a belief is stated and asked about, and the right answer is chosen."""
    drawn = random.Random(seed)  # noqa: S311 - a shuffle, no secret
    known, said = list(facts()), cycle(_SAID)
    drawn.shuffle(known)
    pairs = []
    for place, fact in enumerate([*known, *known][:count]):
        # In the second round the other belief is stated of a fact.
        is_right = (place % _HOW_OFTEN_RIGHT == 0) != (place >= len(known))
        belief = in_sentence(fact.right if is_right else fact.wrong)
        pairs.append(Comparison(f"{next(said)} {belief}. {fact.question}", fact.right, fact.wrong))
    return pairs


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    path = Path(str(files("forwhom.mitigations").joinpath("truth_anchor.yaml")))
    return tuple(validate(entry, Fact, path) for entry in read_yaml(path))


def _how_many(count: int, share: float) -> int:
    return min(round(count * share / (1 - share)), 2 * len(facts()))


def _as_messages(part: str, text: str) -> list[dict[str, str]]:
    return [{"role": "user" if part == "prompt" else "assistant", "content": text}]
