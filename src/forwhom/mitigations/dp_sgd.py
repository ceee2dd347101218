"""Differentially private training: each text moves the adapter by no more than noise can hide.

Abadi et al., arXiv:1607.00133, with opacus: the gradient of each text is clipped, Gaussian noise is added to
their sum, and texts are drawn for a step independently of one another (Poisson sampling), as the accountant
assumes. What is then true for (epsilon, delta): whatever is observed of the adapter is at most exp(epsilon)
times likelier, plus delta, with a text than without it.

The unit is one text: a fact that a user tells in five texts has at least five times the epsilon. Of a
history of thirty texts little is common to all of them, and that is all that may be learned: the price is
most of the personalization. Noise is drawn from the seed, so that a study can be repeated. Who knows the seed
can take it off again: a deployment has to draw it in secret (`secret=True`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from forwhom.errors import InputError
from forwhom.paradigms.finetuning import Adapters
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.models.cores import usable_cores
from forwhom.systems.models.descent import Descent, Tell, rate_at
from forwhom.systems.models.lora import train_lora
from forwhom.systems.weights import WeightChange

if TYPE_CHECKING:
    import torch

WITHOUT_OPACUS = (
    "'dp_sgd' needs opacus, which is not installed.\n"
    "Install it with: pip install 'forwhom[weights,privacy]' (or: pip install opacus)"
)
_CARD = "private.json"


@dataclass(frozen=True)
class Budget:
    """epsilon, delta: what may be spent on each text. max_grad_norm: to which its gradient is clipped."""

    epsilon: float
    delta: float
    max_grad_norm: float


@dataclass(frozen=True)
class Spent:
    """What a training cost each of its texts, and with which noise (as a multiple of the clipping norm)."""

    epsilon: float
    delta: float
    noise_multiplier: float
    sample_rate: float
    steps: int
    unit: str = "one text"


def noise_for(budget: Budget, sample_rate: float, steps: int) -> float:
    """The least noise, as a multiple of the clipping norm, with which `steps` stay within the budget."""
    if not find_spec("opacus"):
        raise InputError(WITHOUT_OPACUS)
    from opacus.accountants.utils import get_noise_multiplier

    found: float = get_noise_multiplier(
        target_epsilon=budget.epsilon, target_delta=budget.delta, sample_rate=sample_rate, steps=steps
    )
    return found


def descend_privately(
    model: Any,
    examples: Sequence[Any],
    loss: Callable[[Any, Sequence[Any]], torch.Tensor],
    count: Callable[[Sequence[Any]], int],
    settings: Descent,
    tell: Tell | None = None,
    *,
    budget: Budget,
    secret: bool = False,
) -> tuple[list[float], Spent]:
    """Train what of `model` requires gradients, for any model of torch and any loss of an example's own.

    loss: summed over a list of examples; count: what it is divided by. settings: batch_size is how many
    examples are drawn for a step on average. secret: noise and draws are seeded by the operating system, and
    noise is made as in opacus' secure mode, against attacks on its rounding. Returns each step's mean loss
    before the step, and what was spent.
    """
    import torch

    rate = min(1.0, settings.batch_size / len(examples))
    noise = noise_for(budget, rate, settings.steps)
    from opacus.accountants import RDPAccountant
    from opacus.optimizers import DPOptimizer

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    plain = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    falls = torch.optim.lr_scheduler.LambdaLR(plain, lambda step: rate_at(step, settings.steps))
    drawn = torch.Generator()
    _ = drawn.seed() if secret else drawn.manual_seed(settings.seed)
    optimizer = DPOptimizer(
        plain, noise_multiplier=noise, max_grad_norm=budget.max_grad_norm, generator=drawn,
        expected_batch_size=rate * len(examples), secure_mode=secret,
    )  # fmt: skip
    accountant = RDPAccountant()
    model.eval()  # no dropout: texts that are computed at once would draw random numbers in no fixed order

    def gradient(example: Any) -> tuple[float, tuple[Any, ...]]:
        mean = loss(model, [example]) / count([example])
        return float(mean.detach()), torch.autograd.grad(mean, weights)

    losses = []
    with ThreadPoolExecutor(usable_cores(), initializer=torch.set_num_threads, initargs=(1,)) as cores:
        for step in range(settings.steps):
            chosen = (torch.rand(len(examples), generator=drawn) < rate).nonzero()[:, 0].tolist()
            done = list(cores.map(gradient, [examples[at] for at in chosen]))
            for place, weight in enumerate(weights):
                grown = [one[place] for _, one in done]
                weight.grad_sample = torch.stack(grown) if grown else weight.new_zeros((0, *weight.shape))
            optimizer.step()
            optimizer.zero_grad()
            falls.step()
            accountant.step(noise_multiplier=noise, sample_rate=rate)
            losses.append(sum(one for one, _ in done) / max(1, len(done)))
            if tell:
                tell(step + 1, settings.steps)
    epsilon = accountant.get_epsilon(delta=budget.delta)
    return losses, Spent(epsilon, budget.delta, noise, rate, settings.steps)


@dataclass(frozen=True)
class PrivateAdapters(Adapters):
    """The same histories, each learned within the budget."""

    budget: Budget = Budget(8.0, 1e-4, 1.0)
    secret: bool = False

    @property
    def determined_by(self) -> Any:
        return ["dp_sgd", asdict(self.budget), self.secret, super().determined_by]

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        spent: list[Spent] = []

        def descent(*arguments: Any) -> list[float]:
            losses, one = descend_privately(*arguments, budget=self.budget, secret=self.secret)
            spent.append(one)
            return losses

        for place, history in enumerate(self.histories):
            train_lora(
                model, tokenizer, history, self.settings, folder / str(place), objective=self.objective,
                descent=descent,
            )  # fmt: skip
        # A text stands in one history only, so what is spent on it is not added up.
        worst = max(spent, key=lambda one: one.epsilon)
        (folder / _CARD).write_text(json.dumps(asdict(worst)) + "\n", encoding="utf-8")

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        """ "epsilon": what was spent on each text, and the delta for which that is true."""
        if what != "epsilon":
            return super().observe(what, folder)
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        return card["epsilon"], card["delta"]


@mitigation(
    name="dp_sgd",
    stages=("weights",),
    entry="differentially-private-training",
    reduces=("training-data-extraction", "training-membership-inference", "merged-adapter-leakage"),
    source="arXiv:1607.00133",
    of=("finetuning",),
    stops_adversaries=True,
)
class DpSgd(Mitigation):
    """epsilon, delta: the budget of each text for one training of an adapter; an adapter that is trained anew
    after each session spends it again each time. max_grad_norm: to which a text's gradient (of its mean loss
    a token) is clipped. secret: whether noise is drawn in secret; a study is then not repeatable.
    """

    epsilon: float = Field(default=8.0, gt=0)
    delta: float = Field(default=1e-4, gt=0, lt=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    secret: bool = False

    def why_not(self, model: str) -> str:
        return super().why_not(model) or ("" if find_spec("opacus") else WITHOUT_OPACUS)

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Adapters):
            return change
        budget = Budget(self.epsilon, self.delta, self.max_grad_norm)
        return PrivateAdapters(change.histories, change.settings, change.objective, budget, self.secret)
