"""The policy goes no further than its budget, and as far as that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forwhom.mitigations.kl_anchor import AnchoredPolicy, KlAnchor, largest_share, mean_kl
from forwhom.mitigations.truth_anchor import TruthAnchor
from forwhom.paradigms.reinforcement import Policy, Reinforcement
from forwhom.systems.guarding import fitted
from forwhom.systems.layer import Exchange
from forwhom.systems.system import System
from tests.controls.measured import PEOPLE
from tests.mitigations.beside import beside
from tests.mitigations.raters import RATERS


@pytest.mark.parametrize(
    ("distance", "share"),
    [(lambda s: s**2, 0.5), (lambda s: s / 10, 1.0), (lambda s: s * 4, 1 / 16), (lambda s: s * 1000, 0.0)],
)
def test_a_step_is_shortened_to_its_budget_and_not_further(
    distance: Callable[[float], float], share: float
) -> None:
    found = largest_share(distance, 0.25)
    assert distance(found) <= 0.25
    assert found == pytest.approx(share, abs=1 / 64)


def test_guards_of_what_is_learned_work_in_either_order() -> None:
    for guards in ((KlAnchor(), TruthAnchor()), (TruthAnchor(), KlAnchor())):
        system = System(name="s", layers=(Reinforcement(), *guards))
        (change,) = fitted(system, Exchange(known=PEOPLE[0], guards=guards)).changes
        assert isinstance(change, AnchoredPolicy)
        assert change.nats == KlAnchor().nats
        assert len(change.comparisons) == 2 * len(PEOPLE[0].preferences)


def test_the_weight_is_raised_and_never_lowered() -> None:
    exchange = Exchange(known=PEOPLE[0])
    plain = Reinforcement(beta=0.3).weights(exchange)
    assert plain is not None
    raised, kept = (KlAnchor(beta=beta).amends(plain, exchange) for beta in (0.5, 0.1))
    assert isinstance(raised, Policy) and isinstance(kept, Policy)
    assert (raised.settings.beta, kept.settings.beta) == (0.5, 0.3)
    assert raised.key != kept.key != plain.key


@pytest.mark.weights
def test_the_divergence_of_two_distributions_is_the_one_of_the_books() -> None:
    torch = pytest.importorskip("torch")
    policy, reference = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.9, 0.1]]).log()
    expected = 0.5 * (torch.tensor(0.5 / 0.9).log() + torch.tensor(0.5 / 0.1).log())
    assert mean_kl([policy], [reference]) == pytest.approx(float(expected), abs=1e-6)
    assert mean_kl([policy, policy], [reference, policy]) == pytest.approx(float(expected) / 2, abs=1e-6)


@pytest.mark.weights
@pytest.mark.long
def test_who_rewards_agreement_is_agreed_with_less() -> None:
    pytest.importorskip("torch")
    found = beside("feedback_sycophancy", (Reinforcement(),), KlAnchor(), RATERS[:8])
    without, guarded = found.unsafe
    assert without > 0.15
    assert guarded <= without / 2
    assert found.risk[1] < found.risk[0] / 3
