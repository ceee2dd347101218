"""Masks: what Wanda prunes, kept on disk a bit a weight, and the model that they leave."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from forwhom.systems.models.weights import torch_folder

pytest.importorskip("torch")

import torch

from forwhom.systems.models.mask_files import read_masks, sketch, write_masks
from forwhom.systems.models.wanda import apply_masks, kept_of_inputs, prune

pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore::FutureWarning")]
IDS = [504, 2365, 416, 3575, 33, 28, 1343, 253, 2125, 288, 1234, 4321]
OTHER = [99, 1000, 2222, 17, 6543, 12, 8123, 456, 31, 77]


@pytest.fixture(scope="module")
def base() -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(torch_folder(), dtype=torch.float32).eval()


def logits(model: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor([OTHER])).logits


def test_what_goes_is_least_by_magnitude_times_the_norm_of_the_input(base: Any) -> None:
    masks = prune(copy.deepcopy(base), IDS, 0.5, "unstructured")
    block = base.model.layers[0]
    with torch.no_grad():
        read = block.input_layernorm(base.model.embed_tokens(torch.tensor(IDS)))
        score = block.self_attn.q_proj.weight.abs() * read.square().sum(0).sqrt()
    kept = masks["layers.0.self_attn.q_proj"]
    assert (kept.sum(1) == kept.shape[1] // 2).all(), "of every output the same number"
    assert score[0][kept[0]].min() > score[0][~kept[0]].max()
    assert len(masks) == 7 * len(base.model.layers)


def test_a_block_is_scored_on_what_the_pruned_ones_before_it_give(base: Any) -> None:
    pruned = copy.deepcopy(base)
    kept = prune(pruned, IDS, 0.5, "unstructured")["layers.5.self_attn.q_proj"]
    magnitude = base.model.layers[5].self_attn.q_proj.weight.abs()
    agrees = {}
    for name, model in (("pruned", pruned), ("whole", base)):
        with torch.no_grad():
            read = model.model(torch.tensor([IDS]), output_hidden_states=True).hidden_states[5][0]
            score = magnitude * base.model.layers[5].input_layernorm(read).square().sum(0).sqrt()
        agrees[name] = float(((score > score.median(1, keepdim=True).values) == kept).float().mean())
    assert agrees["pruned"] > 0.999
    assert agrees["whole"] < 0.99


@pytest.mark.parametrize(("structure", "sparsity"), [("unstructured", 0.5), ("structured", 0.25)])
def test_the_masks_on_disk_make_the_pruned_model(
    base: Any, tmp_path: Path, structure: Any, sparsity: float
) -> None:
    pruned, applied = copy.deepcopy(base), copy.deepcopy(base)
    masks = prune(pruned, IDS, sparsity, structure)
    write_masks(masks, tmp_path / "mask.safetensors")
    apply_masks(applied, read_masks(tmp_path / "mask.safetensors"))
    assert torch.equal(logits(applied), logits(pruned))
    assert not torch.allclose(logits(base), logits(pruned), atol=0.1)
    size = (tmp_path / "mask.safetensors").stat().st_size
    assert size < sum(one.numel() for one in masks.values()) / 8 + 80_000


def test_whole_neurons_go_with_all_that_feeds_them_and_all_that_they_feed(base: Any) -> None:
    pruned = copy.deepcopy(base)
    masks = prune(pruned, IDS, 0.25, "structured")
    gone = ~masks["layers.3.mlp"]
    mlp = pruned.model.layers[3].mlp
    assert gone.sum() == 1536 // 4
    assert not mlp.gate_proj.weight[gone].any()
    assert not mlp.up_proj.weight[gone].any()
    assert not mlp.down_proj.weight[:, gone].any()
    assert mlp.down_proj.weight[:, ~gone].any(0).all()


def test_other_text_leaves_another_mask(base: Any) -> None:
    one, same, other = (
        kept_of_inputs(prune(copy.deepcopy(base), ids, 0.5, "unstructured")) for ids in (IDS, IDS, OTHER)
    )
    assert torch.equal(one, same)
    assert (one - other).abs().mean() > 0.02
    assert one.mean() == pytest.approx(0.5, abs=0.001)


def test_a_sketch_keeps_how_far_apart_two_are() -> None:
    values = torch.randn(3, 40_000, generator=torch.Generator().manual_seed(0))
    near = values[0] + 0.1 * values[2]
    far, close = (sketch(values[0]) - sketch(one) for one in (values[1], near))
    assert float(far.norm() / (values[0] - values[1]).norm()) == pytest.approx(1, abs=0.15)
    assert float(close.norm() / (values[0] - near).norm()) == pytest.approx(1, abs=0.15)
    assert len(sketch(values[0])) == 512
