"""Parameter fine-tuning: a LoRA adapter per user, trained on that user's history.

One adapter per user (Tan et al., arXiv:2402.04401), trained between sessions and worn while that user
is served; or the mean of the adapters of a group, as deployments merge them to hold fewer.
LoRA: Hu et al., arXiv:2106.09685. Survey: arXiv:2606.09038.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from forwhom.systems.history import as_data, earlier_sessions, last_update, others_of_group, own_history
from forwhom.systems.layer import Exchange, Happening, Layer, paradigm
from forwhom.systems.models.lora import LIKELIHOOD, Example, LoraSettings, Objective, train_lora
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.weights import Undo, WeightChange
from forwhom.users.user import User

_BATCH = 8  # examples a step
_KNOWN, _LOG = "finetuning:known", "finetuning:log"


@dataclass(frozen=True)
class Adapters(WeightChange):
    """One adapter a history; applied as their mean."""

    histories: tuple[tuple[Example, ...], ...]
    settings: LoraSettings
    objective: Objective = LIKELIHOOD
    layer = "finetuning"

    @property
    def determined_by(self) -> Any:
        told = [self.settings.model_dump(mode="json"), [as_data(one) for one in self.histories]]
        # Fits are kept by it: those of before there were other objectives stay valid.
        return told if self.objective == LIKELIHOOD else [*told, self.objective.determined_by]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        for place, history in enumerate(self.histories):
            train_lora(
                model, tokenizer, history, self.settings, folder / str(place), objective=self.objective
            )

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        for place in range(len(self.histories)):
            apply_lora(model, folder / str(place), share=1 / len(self.histories))
        return ()


@paradigm(name="finetuning", stages=("weights",), source="arXiv:2402.04401")
class FineTuning(Layer):
    """passes: how often the history is gone through. group: users whose adapters are merged into one, in
    the order of the population (1: nobody's).

    unlearns: whether the adapter is trained anew, without what was forgotten, when a user asks to forget.
    every: after how many sessions it is trained anew, on all that was said by then.
    """

    fit_seconds: ClassVar[float] = 12.0
    revision: ClassVar[int] = 2

    rank: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    passes: int = Field(default=6, ge=1)
    group: int = Field(default=1, ge=1)
    unlearns: bool = True
    every: int = Field(default=1, ge=1)
    seed: int = 0

    def weights(self, exchange: Exchange) -> WeightChange | None:
        known: User = exchange.notes.get(_KNOWN, exchange.known)
        log: list[Happening] = exchange.notes.get(_LOG, exchange.log)
        own = own_history(known) + earlier_sessions(log, known, last_update(exchange.session, self.every))
        others = [own_history(one) for one in others_of_group(exchange, self.group)]
        histories = [tuple(one) for one in (own, *others) if one]
        if not own:
            return None
        # In one order whoever of the group asks: their merged adapter is one fit.
        histories.sort(key=as_data)
        longest = max(len(one) for one in histories)
        settings = LoraSettings(
            rank=self.rank, alpha=2 * self.rank, learning_rate=self.learning_rate, loss_on="all",
            steps=max(1, self.passes * longest // _BATCH), batch_size=_BATCH, seed=self.seed,
        )  # fmt: skip
        return Adapters(tuple(histories), settings)

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        # An adapter that is not trained anew knows what the rest of the system has forgotten.
        if self.unlearns:
            return
        if happened.kind == "forget":
            exchange.notes.setdefault(_KNOWN, exchange.known_at_first)
            return
        # The last word before a deletion is what the adapter goes on knowing.
        exchange.notes.setdefault(_LOG, []).append(happened)
        if all(one.kind != "forget" for one in exchange.log):
            exchange.notes[_KNOWN] = exchange.known
