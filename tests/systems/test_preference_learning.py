"""Learning from comparisons: a reward model finds what was planted, DPO on the real model follows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forwhom.errors import InputError
from forwhom.paradigms.reinforcement import Policy
from forwhom.systems.comparisons import Comparison
from forwhom.systems.models.dpo import DpoSettings, answer_leads, train_dpo
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.models.online import OnlineSettings

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore::FutureWarning")]

THINGS = ("a chair", "a lamp", "a rug", "a vase")
PLANTED = tuple(Comparison(f"Suggest {one}.", "Take the green one.", "Take the brown one.") for one in THINGS)
UNSEEN = (Comparison("Suggest a bag.", "Take the green one.", "Take the brown one."),)
QUICK = DpoSettings(steps=3, learning_rate=2e-3)


def weights(model: Any) -> dict[str, Any]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_a_planted_preference_is_found_among_features_that_mean_nothing() -> None:
    from forwhom.systems.models.reward_model import fit_reward_model

    draw = torch.Generator().manual_seed(0)
    planted = torch.randn(64, generator=draw)

    def compared(count: int) -> tuple[Any, Any]:
        one, other = (torch.randn(count, 64, generator=draw) for _ in range(2))
        likes_one = ((one - other) @ planted > 0)[:, None]
        return torch.where(likes_one, one, other), torch.where(likes_one, other, one)

    reward_model = fit_reward_model(*compared(200))
    assert torch.cosine_similarity(reward_model.direction, planted, 0) > 0.8
    chosen, rejected = compared(500)
    assert (reward_model.rewards(chosen) > reward_model.rewards(rejected)).float().mean() > 0.85


def test_the_chosen_answer_gains_on_the_rejected_one_where_it_was_not_rated(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    before, own = answer_leads(model, tokenizer, UNSEEN), weights(model)
    training = train_dpo(model, tokenizer, PLANTED, QUICK, tmp_path)
    assert all(torch.equal(value, own[name]) for name, value in weights(model).items()), "left as it was"
    assert own.keys() == weights(model).keys()
    assert training.losses[0] == pytest.approx(0.693, abs=0.001)
    assert training.losses[-1] < 0.4
    apply_lora(model, tmp_path)
    assert answer_leads(model, tokenizer, UNSEEN)[0] > before[0] + 5


def test_nothing_to_compare_is_an_error(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one comparison"):
        train_dpo(model, tokenizer, (), QUICK, tmp_path)


def test_the_loop_earns_more_reward_round_by_round_and_says_so(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    before = answer_leads(model, tokenizer, UNSEEN)
    policy = Policy(PLANTED, QUICK.model_copy(update={"steps": 2}), OnlineSettings(answer_tokens=6))
    policy.fit(model, tokenizer, tmp_path)
    rewards = policy.observe("reward", tmp_path)
    assert len(rewards) == 3
    assert rewards[-1] > rewards[0]
    assert answer_leads(model, tokenizer, UNSEEN)[0] > before[0]
    assert {one.suffix for one in tmp_path.rglob("*") if one.is_file()} <= {".safetensors", ".json", ".md"}
    assert policy.observe("mask", tmp_path) == ()
    assert json.loads(json.dumps(policy.determined_by)) == policy.determined_by
