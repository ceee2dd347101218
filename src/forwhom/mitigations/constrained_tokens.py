"""Constrained tokens: an answer's first tokens are held near what the model said before it was trained.

Qi et al., arXiv:2406.05946, equation 3: refusing is decided in the first few tokens, so these are bound more
tightly than the rest. In place of -log p(y_t) the t-th token of an answer has

    (2 / b_t) * softplus(-b_t * (log p(y_t) - log p_before(y_t)))

whose gradient is that of -log p(y_t) where nothing is learned yet and fades as y_t becomes likelier than
before, the sooner the larger b_t is. Only the tokens that are trained on are held; that a refusal becomes
likelier or less likely by what these generalize to is not seen by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from forwhom.paradigms.finetuning import Adapters
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.models.lora import IGNORED, Example, LoraSettings, encode, target_logprobs
from forwhom.systems.weights import WeightChange

if TYPE_CHECKING:
    import torch

FIRST, EARLY, LATER, TOKENS = 0.5, 2.0, 0.1, 5  # those of the paper


def strength_at(
    place: int, first: float = FIRST, early: float = EARLY, later: float = LATER, tokens: int = TOKENS
) -> float:
    """b_t of an answer's token; `place` counts from 0."""
    return first if place == 0 else early if place < tokens else later


def held(gained: torch.Tensor, strengths: torch.Tensor) -> torch.Tensor:
    """The loss of each token, 0 where nothing is learned yet. gained: by how much it is likelier than before,
    in nats. strengths: its b_t, 0 for a token that is free."""
    import torch

    bound = strengths.clamp(min=1e-6)
    constrained = 2 / bound * (torch.nn.functional.softplus(-bound * gained) - math.log(2))
    return torch.where(strengths > 0, constrained, -gained)


def constrained_loss(
    logits: torch.Tensor,
    reference_logits: torch.Tensor,
    labels: torch.Tensor,
    first: float = FIRST,
    early: float = EARLY,
    later: float = LATER,
    tokens: int = TOKENS,
) -> torch.Tensor:
    """The mean of `held` over the labelled tokens, for a training loop of one's own.

    logits, reference_logits: (batch, length, vocabulary), of the model and of the one before training on the
    same tokens. labels: (batch, length) as transformers has them: the tokens themselves, -100 for the prompt.
    """
    import torch

    wanted = labels[:, 1:]
    is_answer = wanted != IGNORED
    chosen = wanted.clamp(min=0)[..., None]
    now, before = (
        one[:, :-1].float().log_softmax(-1).gather(-1, chosen)[..., 0] for one in (logits, reference_logits)
    )
    places = is_answer.cumsum(-1) - 1
    strengths = torch.full_like(now, later)
    strengths[places < tokens] = early
    strengths[places == 0] = first
    return held(now - before.detach(), strengths)[is_answer].mean()


def constrained_trainer(trainer: type, **strengths: float) -> type:
    """`trainer` (trl.SFTTrainer, or transformers.Trainer) with `constrained_loss`.

    Its model is one of peft; the reference is that model without its adapter. strengths: as of
    `constrained_loss`.
    """

    class Constrained(trainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **more: Any
        ) -> Any:
            import torch

            read = {name: value for name, value in inputs.items() if name != "labels"}
            with torch.no_grad(), self.accelerator.unwrap_model(model).disable_adapter():
                before = model(**read).logits
            output = model(**read)
            loss = constrained_loss(output.logits, before, inputs["labels"], **strengths)  # type: ignore[arg-type]
            return (loss, output) if return_outputs else loss

    return Constrained


class _Held(NamedTuple):
    """An example's tokens and targets; of each target the log-probability before training, and its b_t."""

    tokens: list[int]
    targets: list[int]
    before: list[float]
    strengths: list[float]


@dataclass(frozen=True)
class HeldNear:
    """The objective; what is learned of the prompt is free."""

    first: float
    early: float
    later: float
    tokens: int

    @property
    def determined_by(self) -> Any:
        return ["held near", self.first, self.early, self.later, self.tokens]

    def prepared(
        self, model: Any, tokenizer: Any, examples: Sequence[Example], settings: LoraSettings
    ) -> list[_Held]:
        return [self._prepared(model, tokenizer, one, settings.loss_on) for one in examples]

    def _prepared(self, model: Any, tokenizer: Any, example: Example, loss_on: str) -> _Held:
        import torch

        ids, targets = encode(tokenizer, example, loss_on)
        answer = sum(one != IGNORED for one in encode(tokenizer, example, "answer")[1])
        free = sum(one != IGNORED for one in targets) - answer
        with torch.no_grad():
            before: list[float] = target_logprobs(model, [(ids, targets)])[0].tolist()
        bound = [strength_at(at, self.first, self.early, self.later, self.tokens) for at in range(answer)]
        return _Held(ids, targets, before, [0.0] * free + bound)

    def loss(self, adapted: Any, part: Sequence[_Held]) -> torch.Tensor:
        import torch

        now, _ = target_logprobs(adapted, [(one.tokens, one.targets) for one in part])
        before = torch.tensor([value for one in part for value in one.before])
        strengths = torch.tensor([value for one in part for value in one.strengths])
        return held(now - before, strengths).sum()

    def count(self, part: Sequence[_Held]) -> int:
        return sum(len(one.before) for one in part)


@mitigation(
    name="constrained_tokens",
    stages=("weights",),
    entry="constrained-updates",
    reduces=("alignment-erosion",),
    source="arXiv:2406.05946",
    of=("finetuning",),
)
class ConstrainedTokens(Mitigation):
    """first, early, later: b_t of the first token of an answer, of those up to `tokens`, and of the rest; 0
    leaves them free."""

    first: float = Field(default=FIRST, ge=0)
    early: float = Field(default=EARLY, ge=0)
    later: float = Field(default=LATER, ge=0)
    tokens: int = Field(default=TOKENS, ge=1)

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Adapters):
            return change
        return replace(change, objective=HeldNear(self.first, self.early, self.later, self.tokens))
