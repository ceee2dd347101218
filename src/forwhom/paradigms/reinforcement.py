"""Reinforcement learning from a user's feedback: the model is drawn to what this person rates well.

Each comparison of two answers pushes the policy towards the chosen one: directly (DPO, arXiv:2305.18290), or
by way of a reward model of the person, whose favourite among the policy's own answers is then preferred
again, round after round. What people reward is not what is true or good for them: agreement is rated well
(arXiv:2310.13548), and feedback can be gamed and poisoned. Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from forwhom.systems.comparisons import Comparison, as_data, earlier_feedback, own_comparisons
from forwhom.systems.history import others_of_group
from forwhom.systems.layer import Exchange, Layer, paradigm
from forwhom.systems.models.dpo import DpoSettings, train_dpo
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.models.online import OnlineSettings, fit_online, rewards_by_round
from forwhom.systems.weights import Undo, WeightChange

_BATCH = 4  # comparisons a step


@dataclass(frozen=True)
class Policy(WeightChange):
    """Adapters that draw to what `comparisons` chose. online: None for DPO on the comparisons alone."""

    comparisons: tuple[Comparison, ...]
    settings: DpoSettings
    online: OnlineSettings | None = None
    layer = "reinforcement"

    @property
    def determined_by(self) -> Any:
        online = self.online and self.online.model_dump(mode="json")
        return [self.settings.model_dump(mode="json"), online, as_data(self.comparisons)]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        if self.online is None:
            train_dpo(model, tokenizer, self.comparisons, self.settings, folder / "0")
        else:
            fit_online(model, tokenizer, self.comparisons, self.settings, self.online, folder)

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        for place in range(self.online.rounds if self.online else 1):
            apply_lora(model, folder / str(place))
        return ()

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        """ "reward": the mean reward of what the policy says, before the first round and after each."""
        return rewards_by_round(folder) if what == "reward" and self.online else ()


@paradigm(name="reinforcement", stages=("weights",), source="arXiv:2305.18290")
class Reinforcement(Layer):
    """method: "dpo": the comparisons are learned as they are. "online": a reward model of the user is fitted
    to them, and `rounds` times the policy answers, is scored by it, and learns its best and worst answers.

    beta: how dearly a step away from the earlier policy is paid. passes: how often the comparisons are gone
    through ("online": the best and worst answers to them, in each round). shares: users, in the order of
    the population, whose feedback is learned together (1: the own alone). vets: whether ratings that others
    gave in the user's sessions are left out. every: after how many sessions it learns anew, of all that was
    rated by then.
    """

    fit_seconds: ClassVar[float] = 25.0

    method: Literal["dpo", "online"] = "dpo"
    rank: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=3e-3, gt=0)
    beta: float = Field(default=0.1, gt=0)
    passes: int = Field(default=3, ge=1)
    rounds: int = Field(default=2, ge=1)
    shares: int = Field(default=1, ge=1)
    vets: bool = False
    every: int = Field(default=1, ge=1)
    seed: int = 0

    def weights(self, exchange: Exchange) -> WeightChange | None:
        sharing = [exchange.known, *others_of_group(exchange, self.shares)]
        # In one order whoever of the group asks: what they share is one fit.
        tastes = sorted(one for user in sharing for one in own_comparisons(user))
        comparisons = (*tastes, *earlier_feedback(exchange, vets=self.vets, every=self.every))
        if not comparisons:
            return None
        steps = max(1, self.passes * len(comparisons) // _BATCH)
        settings = DpoSettings(
            rank=self.rank, learning_rate=self.learning_rate, beta=self.beta, steps=steps, batch_size=_BATCH,
            seed=self.seed,
        )  # fmt: skip
        online = OnlineSettings(rounds=self.rounds) if self.method == "online" else None
        return Policy(comparisons, settings, online)
