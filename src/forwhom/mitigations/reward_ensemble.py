"""An ensemble of reward models: an answer earns what all of them are sure that this person likes.

A reward model of a few ratings is wrong somewhere, and the policy finds where. Several, each fitted to
another draw of the ratings, are wrong in different places, so their disagreement is taken off the reward
(uncertainty-weighted optimization: Coste et al., arXiv:2310.02743). Limit: what all ratings agree on is not
questioned, be it flattery or a lie; it guards against what the model made up, not against what was rewarded.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from forwhom.paradigms.reinforcement import Policy
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.weights import WeightChange


@mitigation(
    name="reward_ensemble", stages=("weights",), entry="conservative-reward",
    reduces=("targeted-reward-gaming", "feedback-amplified-sycophancy"), source="arXiv:2310.02743",
    of=("reinforcement",),
)  # fmt: skip
class RewardEnsemble(Mitigation):
    """Of reinforcement by the method "online" alone; where ratings are learned directly, there is no reward.

    judges: reward models. caution: standard deviations between them that are taken off their mean.
    """

    judges: int = Field(default=5, ge=2)
    caution: float = Field(default=1.0, ge=0)

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Policy) or change.online is None:
            return change
        told = {"judges": self.judges, "caution": self.caution}
        return replace(change, online=change.online.model_copy(update=told))
