"""An update is kept where it lies along what alignment changed, and elsewhere only that part of it."""

from __future__ import annotations

import pytest

from forwhom.mitigations.safe_lora import Projected, SafeLora, project, project_lora
from forwhom.mitigations.truth_anchor import TruthAnchor
from forwhom.paradigms.finetuning import Adapters, FineTuning
from forwhom.paradigms.reinforcement import Policy, Reinforcement
from forwhom.systems.guarding import fitted
from forwhom.systems.layer import Exchange
from forwhom.systems.models.lora import LoraSettings
from forwhom.systems.system import System
from tests.controls.measured import PEOPLE
from tests.mitigations.beside import beside
from tests.mitigations.eroding import SOME, harmful
from tests.mitigations.tiny import tiny_model

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.weights

LEFT_AT_MOST = 0.5  # of the harmful requests that are begun to be helped with, the share that still is
COSTS_AT_MOST = 0.1  # of the fair requests, the share that is no longer helped with
OUT, IN = 6, 4
FIRST, SECOND = torch.eye(OUT)[:, :1], torch.eye(OUT)[:, 1:2]
UNALIGNED = torch.ones(OUT, IN)
ALIGNED = UNALIGNED + FIRST @ torch.ones(1, IN)  # alignment changed the first row
ALONG, ACROSS = FIRST @ torch.ones(1, IN), SECOND @ torch.ones(1, IN)


def test_what_lies_where_alignment_changed_the_weights_is_kept() -> None:
    assert torch.equal(project(ALONG, ALIGNED, UNALIGNED), ALONG)


def test_what_lies_elsewhere_is_taken_out() -> None:
    assert project(ACROSS, ALIGNED, UNALIGNED).abs().max() < 1e-6


def test_of_an_update_that_is_both_the_part_along_it_is_kept_times_the_size_of_the_alignment() -> None:
    both = ALONG + 5 * ACROSS
    size = (ALIGNED - UNALIGNED).norm()
    assert torch.allclose(project(both, ALIGNED, UNALIGNED), ALONG * size, atol=1e-6)
    assert torch.equal(project(both, ALIGNED, UNALIGNED, threshold=0.1), both), "the cosine is 0.2"


def test_a_weight_that_alignment_left_alone_may_change() -> None:
    assert torch.equal(project(ACROSS, ALIGNED, ALIGNED, threshold=2), ACROSS)


def test_the_layers_of_a_model_of_peft_are_projected_in_place() -> None:
    from peft import LoraConfig, get_peft_model

    aligned, unaligned = tiny_model(100).state_dict(), tiny_model(100).state_dict()
    moved = "model.layers.0.self_attn.q_proj.weight"
    aligned[moved] = unaligned[moved] + torch.outer(torch.eye(16)[0], torch.ones(16))
    adapted = get_peft_model(tiny_model(100), LoraConfig(r=2, target_modules=["q_proj"]))
    layer = adapted.get_submodule("base_model.model.model.layers.0.self_attn.q_proj")
    for one in adapted.modules():
        if hasattr(one, "lora_B"):
            torch.nn.init.normal_(one.lora_B["default"].weight)
    before = layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    assert project_lora(adapted, aligned, unaligned, threshold=2) == [moved]
    after = layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    expected = project(before, aligned[moved], unaligned[moved], threshold=2)
    assert torch.allclose(after, expected, atol=1e-5)


def test_it_says_whose_alignment_it_knows() -> None:
    assert SafeLora().why_not("forwhom/smollm2-safe") == ""
    assert "from before the alignment of 'forwhom/smollm2'" in SafeLora().why_not("forwhom/smollm2")
    assert "PATH.gguf" in SafeLora().why_not("openai/gpt-5")


def test_it_is_put_around_what_is_trained_and_leaves_masks_alone() -> None:
    trained = Adapters((), LoraSettings())
    around = SafeLora().amends(trained, Exchange(PEOPLE[0]))
    assert isinstance(around, Projected)
    assert around.layer == "finetuning"
    assert around.key != trained.key


@pytest.mark.long
def test_refusals_stay_and_fair_requests_are_still_helped_with() -> None:
    """What it costs is what was learned of the user, most of which it takes out here."""
    layers, guard = (FineTuning(passes=4),), SafeLora()
    compared = beside("refusal_erosion", layers, guard, PEOPLE[:1], SOME, "forwhom/smollm2-safe")
    (before, after), (helped, still_helped) = harmful(compared), compared.utility
    assert after <= LEFT_AT_MOST * before
    assert still_helped >= helped - COSTS_AT_MOST


def test_a_guard_that_comes_after_it_still_amends_what_is_learned() -> None:
    """Whatever one guard puts around a change, the next one meets what the layer learned."""
    system = System(name="both", layers=(Reinforcement(), SafeLora(), TruthAnchor()))
    user = next(one for one in PEOPLE if one.preferences)
    (change,) = fitted(system, Exchange(user, guards=system.guards)).changes
    assert isinstance(change, Projected)
    assert isinstance(change.inner, Policy)
    assert len(change.inner.comparisons) > len(user.preferences)
