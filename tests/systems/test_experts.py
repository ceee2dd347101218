"""Experts: what a router learns, whom it sends where, and a model that wears a mixture."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from forwhom.systems.models.weights import torch_folder

pytest.importorskip("torch")

import torch

from forwhom.systems.models.lora import LoraSettings, train_lora
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.models.mixture import mix
from forwhom.systems.models.router import Router, best, block_inputs, learn_router, taken
from forwhom.systems.themes import examples

pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore::FutureWarning")]
IDS = [504, 2365, 416, 3575, 33, 28, 1343, 253, 2125, 288]
QUICK = LoraSettings(rank=2, steps=2, batch_size=2, learning_rate=5e-3)


@pytest.fixture(scope="module")
def base() -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(torch_folder(), dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def adapters(base: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(torch_folder())
    folders = [tmp_path_factory.mktemp(theme) for theme in ("home", "safety")]
    for theme, folder in zip(("home", "safety"), folders, strict=True):
        train_lora(base, tokenizer, examples(theme)[:2], QUICK, folder)
    return folders


def router(base: Any, lean: list[float], k: int = 2, **also: Any) -> Router:
    blocks, size = len(base.model.layers), base.config.hidden_size
    weights = torch.randn(blocks, 2, size + 1, generator=torch.Generator().manual_seed(0)) / size**0.5
    given = {"always": torch.zeros(2)} | also
    return Router(weights, torch.tensor(lean).expand(blocks, 2), k, **given)


def logits(model: Any, ids: list[int] = IDS) -> Any:
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def test_a_router_learns_to_tell_themes_apart_and_says_how_sure_it_is() -> None:
    draw = torch.Generator().manual_seed(0)
    middles = torch.tensor([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    themes = torch.tensor([0] * 300 + [1] * 100)
    read = torch.randn(2, 400, 3, generator=draw)
    read[0] += middles[themes]  # in the second block nothing tells them apart
    weights = learn_router(read, themes.tolist(), decay=0.001)
    made = Router(weights, torch.zeros(2, 2), 1, torch.zeros(2))
    assert (made.scores(0, read[0]).argmax(-1) == themes).float().mean() > 0.85
    assert (made.scores(1, read[1]) - 0.5).abs().mean() < 0.1, "themes count alike, however many tokens"


def test_a_token_takes_its_best_experts() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]])
    assert torch.allclose(best(scores, 2), torch.tensor([[0.625, 0.375, 0, 0], [0, 0, 3 / 7, 4 / 7]]))


def test_an_expert_takes_a_token_while_less_than_its_room_is_better() -> None:
    beside = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    scores = torch.tensor([[0.6, 0.4], [0.85, 0.15], [0.05, 0.95]])
    # Four tokens in the batch, two experts: with k = 1 two tokens each.
    assert torch.equal(taken(scores, beside, 1), torch.tensor([[0, 0.4], [0.85, 0], [0, 0.95]]))
    assert torch.equal(taken(scores, beside, 2), scores), "room for everybody"
    assert torch.equal(taken(scores, torch.zeros(0, 2), 1), scores), "nobody beside"


def test_a_mixture_of_one_expert_is_that_expert_merged_in(base: Any, adapters: list[Path]) -> None:
    mixed, merged = copy.deepcopy(base), copy.deepcopy(base)
    mix(mixed, adapters, router(base, [50.0, -50.0]))
    apply_lora(merged, adapters[0])
    assert torch.allclose(logits(mixed), logits(merged), atol=2e-4)
    assert (logits(mixed) - logits(base)).abs().max() > 0.1


def test_the_part_that_no_routing_takes_away_is_there(base: Any, adapters: list[Path]) -> None:
    mixed, merged = copy.deepcopy(base), copy.deepcopy(base)
    mix(mixed, adapters, router(base, [50.0, -50.0], always=torch.tensor([0.0, 0.25])))
    apply_lora(merged, adapters[0], 0.75)
    apply_lora(merged, adapters[1], 0.25)
    assert torch.allclose(logits(mixed), logits(merged), atol=5e-4)


def test_tokens_are_routed_each_by_itself(base: Any, adapters: list[Path]) -> None:
    """What follows a token changes nothing for it: so prompts may share prefixes and be packed."""
    for beside in (None, torch.rand(len(base.model.layers), 7, 2)):
        mixed = copy.deepcopy(base)
        seen: dict[int, Any] = {}
        mix(mixed, adapters, router(base, [0.0, 0.0], 1, beside=beside), seen.__setitem__)
        whole = logits(mixed)
        gates = dict(seen)
        assert torch.allclose(logits(mixed, IDS[:6]), whole[:6], atol=1e-4)
        assert torch.allclose(seen[29], gates[29][:6], atol=1e-5)
        used = (torch.stack(list(gates.values())) > 0).float().mean((0, 1))
        assert (used > 0).all()


def test_taken_off_again_the_model_is_itself(base: Any, adapters: list[Path]) -> None:
    before = logits(base)
    off = mix(base, adapters, router(base, [0.0, 0.0]))
    assert not torch.equal(logits(base), before)
    for undo in off:
        undo()
    assert torch.equal(logits(base), before)


def test_a_copy_of_a_mixed_model_is_mixed_too(base: Any, adapters: list[Path]) -> None:
    """A change after it in a chain is fitted on such a copy."""
    mixed = copy.deepcopy(base)
    mix(mixed, adapters, router(base, [0.0, 0.0]))
    assert torch.equal(logits(copy.deepcopy(mixed)), logits(mixed))


def test_blocks_read_what_their_norm_gives(base: Any) -> None:
    read = block_inputs(base, IDS)
    with torch.no_grad():
        first = base.model.layers[0].input_layernorm(base.model.embed_tokens(torch.tensor(IDS)))
    assert read.shape == (30, len(IDS), 576)
    assert torch.allclose(read[0], first)
