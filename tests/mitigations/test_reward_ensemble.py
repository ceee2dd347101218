"""Several reward models of one person: what only one rating speaks for earns less."""

from __future__ import annotations

import pytest

from forwhom.mitigations.reward_ensemble import RewardEnsemble
from forwhom.paradigms.reinforcement import Policy, Reinforcement
from forwhom.systems.layer import Exchange
from tests.controls.measured import PEOPLE

pytest.importorskip("torch")

import torch

from forwhom.systems.models.reward_model import fit_reward_model, fit_reward_models

pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore::FutureWarning")]
EXCHANGE = Exchange(known=PEOPLE[0])
SIZE, RATINGS = 16, 12


def rated() -> tuple[torch.Tensor, torch.Tensor]:
    """Twelve comparisons: in each the first feature was chosen, and in one of them the second one, too."""
    draw = torch.Generator().manual_seed(0)
    chosen, rejected = (0.1 * torch.randn(RATINGS, SIZE, generator=draw) for _ in range(2))
    chosen[:, 0] += 1
    chosen[0, 1] += 3
    return chosen, rejected


def test_what_one_rating_speaks_for_earns_less_than_what_all_do() -> None:
    """The exploit: an answer full of what was chosen once."""
    candidates = torch.zeros(2, SIZE)
    candidates[0, 0], candidates[1, 1] = 1, 3
    alone = fit_reward_model(*rated()).rewards(candidates)
    wary = fit_reward_models(*rated(), 8, 2.0, 0).rewards(candidates)
    assert wary[0] - wary[1] > alone[0] - alone[1] + 0.5


def test_caution_is_taken_off_the_mean_and_one_judge_is_the_model_as_it_was() -> None:
    features = torch.cat(rated())
    careless, wary = (fit_reward_models(*rated(), 4, c, 0).rewards(features) for c in (0.0, 1.0))
    assert (wary < careless).all()
    alone = fit_reward_models(*rated(), 1, 5.0, 0).rewards(features)
    assert torch.equal(alone, fit_reward_model(*rated()).rewards(features))


def test_only_a_policy_that_has_rewards_is_changed() -> None:
    direct, online = (Reinforcement(method=method).weights(EXCHANGE) for method in ("dpo", "online"))
    assert isinstance(direct, Policy) and isinstance(online, Policy)
    guard = RewardEnsemble(judges=3, caution=0.5)
    assert guard.amends(direct, EXCHANGE) is direct
    amended = guard.amends(online, EXCHANGE)
    assert isinstance(amended, Policy) and amended.online is not None
    assert (amended.online.judges, amended.online.caution) == (3, 0.5)
    assert amended.key != online.key
