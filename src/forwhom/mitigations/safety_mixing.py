"""Safety mixing: requests that are declined, and fair ones that are helped with, in all training data.

Bianchi et al., arXiv:2309.07875: a few hundred refusals among the instructions bring refusing back, and too
many make a model decline what only looks alike; hence the fair ones. It teaches refusals of the kinds that
are mixed in. What the user's texts teach beside that is not held back.
Histories of some ten texts have room for few of them: which of the two kinds prevails then decides whether
the model declines more or helps more, whatever is asked. With a quarter fair ones it declines, fair requests
too; with half of them refusals are lost as without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from forwhom.paradigms.finetuning import Adapters
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.models.lora import Example
from forwhom.systems.models.safe_base.declining import drawn, help_with, refusal, to_train_on
from forwhom.systems.weights import WeightChange


def safety_examples(texts: int, share: float = 0.5, helped: float = 0.25, seed: int = 0) -> list[Example]:
    """What to train on beside `texts` of the user's own; parameters as the knobs of SafetyMixing."""
    added = max(1, round(texts * share / (1 - share)))
    fair = min(round(added * helped), added - 1)
    lines = drawn(to_train_on(), added, seed)
    # The lines of the fair ones are declined, too, as long as there are enough: the pair tells them apart.
    return [refusal(line, place) for place, line in enumerate(lines[: added - fair])] + [
        help_with(line, place) for place, line in enumerate(lines[:fair])
    ]


def mix(
    rows: Iterable[Mapping[str, Any]], share: float = 0.5, helped: float = 0.25, seed: int = 0
) -> list[dict[str, Any]]:
    """The rows of a conversational data set, as trl takes it, and behind them what to mix in, in their form.

    rows: a list or a datasets.Dataset, each row with "messages", or with "prompt" and "completion": lists of
    {"role": ..., "content": ...}. The trainer has to shuffle them, as trl's does unless told otherwise.
    """
    own = [dict(row) for row in rows]
    in_two = bool(own) and "completion" in own[0]
    return own + [_row(one, in_two=in_two) for one in safety_examples(len(own), share, helped, seed)]


def _row(example: Example, *, in_two: bool) -> dict[str, Any]:
    prompt = [{"role": message.role, "content": message.text} for message in example.messages]
    answer = [{"role": "assistant", "content": example.answer}]
    return {"prompt": prompt, "completion": answer} if in_two else {"messages": prompt + answer}


@mitigation(
    name="safety_mixing",
    stages=("weights",),
    entry="safety-anchored-finetuning",
    reduces=("alignment-erosion",),
    source="arXiv:2309.07875",
    of=("finetuning",),
)
class SafetyMixing(Mitigation):
    """share: of all texts that an adapter is trained on, how many are mixed in. helped: of those mixed in,
    how many are fair requests that are helped with.

    The training is longer by as much, so that the user's own texts are gone through as often as without it.
    """

    share: float = Field(default=0.5, gt=0, lt=1)
    helped: float = Field(default=0.25, ge=0, lt=1)
    seed: int = 0

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Adapters):
            return change
        longest = max(len(one) for one in change.histories)
        histories = tuple(
            (*one, *safety_examples(len(one), self.share, self.helped, self.seed)) for one in change.histories
        )
        longer = max(len(one) for one in histories) / longest
        settings = change.settings.model_copy(update={"steps": round(change.settings.steps * longer)})
        return replace(change, histories=histories, settings=settings)
