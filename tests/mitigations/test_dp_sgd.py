"""Differentially private training stays within its budget, and what stood in one text does not come out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ChatMessageUser

from forwhom.mitigations import dp_sgd
from forwhom.mitigations.dp_sgd import Budget, DpSgd, PrivateAdapters, descend_privately, noise_for
from forwhom.paradigms.finetuning import Adapters, FineTuning
from forwhom.systems.layer import Exchange
from forwhom.systems.models.lora import Example, LoraSettings
from forwhom.systems.models.weights import torch_folder
from tests.controls.measured import PEOPLE
from tests.mitigations.beside import beside
from tests.mitigations.tiny import tiny_model

torch = pytest.importorskip("torch")
pytest.importorskip("opacus")
pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore")]

STATED = 3.0
BUDGET = Budget(epsilon=STATED, delta=1e-5, max_grad_norm=0.5)
SETTINGS = LoraSettings(rank=2, steps=6, batch_size=4)


class Line(torch.nn.Module):  # type: ignore[misc]
    """y = w x, of which one example may have an enormous gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(3))


def squared(model: Any, part: Any) -> Any:
    return sum((one[0] @ model.w - one[1]) ** 2 for one in part)


def examples(outlier: float = 1.0) -> list[Any]:
    torch.manual_seed(0)
    return [(torch.randn(3), torch.tensor(1.0)) for _ in range(11)] + [(torch.ones(3) * outlier, -outlier)]


def test_the_accountants_epsilon_is_at_most_the_stated_one_and_the_noise_no_more_than_needed() -> None:
    from opacus.accountants import RDPAccountant

    _, spent = descend_privately(Line(), examples(), squared, len, SETTINGS, budget=BUDGET)
    assert STATED - 0.05 < spent.epsilon <= STATED
    assert (spent.sample_rate, spent.steps) == (4 / 12, 6)
    accountant = RDPAccountant()
    accountant.history = [(spent.noise_multiplier, 4 / 12, 6)]
    assert accountant.get_epsilon(delta=1e-5) == pytest.approx(spent.epsilon)
    assert noise_for(replace(BUDGET, epsilon=1.0), 4 / 12, 6) > spent.noise_multiplier


def test_no_example_contributes_more_than_the_clipping_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    from opacus.optimizers import DPOptimizer

    seen: list[tuple[float, float]] = []
    clip = DPOptimizer.clip_and_accumulate

    def watched(self: Any) -> None:
        clip(self)
        (weight,) = self.params
        own = [max(1.0, float(one.norm()) / 0.5) for one in weight.grad_sample]
        expected = sum(one / over for one, over in zip(weight.grad_sample, own, strict=True))
        seen.append((float(weight.summed_grad.norm()), 0.5 * len(own)))
        assert torch.allclose(weight.summed_grad, expected + torch.zeros(3), atol=1e-4)

    monkeypatch.setattr(DPOptimizer, "clip_and_accumulate", watched)
    descend_privately(Line(), examples(outlier=1e4), squared, len, SETTINGS, budget=BUDGET)
    assert len(seen) == SETTINGS.steps
    assert all(total <= bound + 1e-4 for total, bound in seen)


def test_texts_are_drawn_independently_and_a_step_without_any_is_taken_all_the_same() -> None:
    lone = SETTINGS.model_copy(update={"batch_size": 1, "steps": 40})
    drawn: list[int] = []

    def loss(model: Any, part: Any) -> Any:
        drawn.append(len(part))
        return squared(model, part)

    losses, _ = descend_privately(Line(), examples(), loss, len, lone, budget=BUDGET)
    assert set(drawn) == {1}, "a gradient of each text's own"
    assert 0.0 in losses, "a step in which no text was drawn"
    assert 20 < len(drawn) < 65


def test_a_study_is_repeatable_and_a_deployments_noise_is_not() -> None:
    def trained(**how: Any) -> Any:
        model = Line()
        descend_privately(model, examples(), squared, len, SETTINGS, budget=BUDGET, **how)
        return model.w.detach()

    assert torch.equal(trained(), trained())
    assert not torch.equal(trained(secret=True), trained(secret=True))


def test_what_was_spent_lies_with_the_fit_and_is_observed(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    history = tuple(Example((ChatMessageUser(content="What?"),), f"Note {place}.") for place in range(12))
    plain = Adapters((history,), SETTINGS)
    private = DpSgd(epsilon=STATED).amends(plain, Exchange(PEOPLE[0]))
    assert isinstance(private, PrivateAdapters)
    assert private.key not in (plain.key, DpSgd(epsilon=2.0).amends(plain, Exchange(PEOPLE[0])).key)
    private.fit(tiny_model(), AutoTokenizer.from_pretrained(torch_folder()), tmp_path)
    epsilon, delta = private.observe("epsilon", tmp_path)
    assert epsilon <= STATED
    assert delta == DpSgd().delta
    assert json.loads((tmp_path / "private.json").read_text())["unit"] == "one text"
    private.apply(tiny_model(), tmp_path)


def test_it_says_how_to_install_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert DpSgd().why_not("forwhom/smollm2") == ""
    monkeypatch.setattr(dp_sgd, "find_spec", lambda name: None)
    assert "pip install" in DpSgd().why_not("forwhom/smollm2")


@pytest.mark.long
def test_a_phrase_of_the_history_no_longer_comes_out() -> None:
    # Two users: the model likes some phrases better than others, whoever owns them.
    compared = beside("training_extraction", (FineTuning(passes=4),), DpSgd(), PEOPLE[:2])
    before, after = compared.unsafe
    assert before > 0.9
    assert after < 0.5
