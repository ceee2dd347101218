"""What is minimised is what trl minimises: its trainer's loss of our adapter, on the same comparisons."""

import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")

import torch
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

from forwhom.systems.comparisons import Comparison
from forwhom.systems.models.chatml import TURN_END
from forwhom.systems.models.dpo import DpoSettings, answer_leads, prompt_text, train_dpo
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.models.weights import torch_folder

COMPARISONS = [
    Comparison("Where shall I buy a lamp?", "Buy it from Brightleaf.", "Buy it in the old market hall."),
    Comparison("What should I drink?", "A pot of mint tea.", "Coffee."),
]
SETTINGS = DpoSettings(steps=2, learning_rate=5e-4, beta=0.2)
pytestmark = pytest.mark.weights


def fresh() -> Any:
    model = AutoModelForCausalLM.from_pretrained(torch_folder(), dtype=torch.float32).eval()
    model.is_quantized = False  # trl refuses weights read from a quantized file, single precision since
    return model


def loss_by_trl(model: Any, tokenizer: Any, scratch: Path) -> float:
    rows = [
        {"prompt": prompt_text(c.prompt), "chosen": c.chosen + TURN_END, "rejected": c.rejected + TURN_END}
        for c in COMPARISONS
    ]
    trainer = trl.DPOTrainer(
        model=model, ref_model=fresh(), processing_class=tokenizer, train_dataset=Dataset.from_list(rows),
        args=trl.DPOConfig(
            output_dir=str(scratch), per_device_train_batch_size=len(rows), beta=SETTINGS.beta, use_cpu=True,
            report_to=[], disable_tqdm=True, bf16=False, gradient_checkpointing=False,
        ),
    )  # fmt: skip
    with torch.no_grad():
        return float(trainer.compute_loss(model, next(iter(trainer.get_train_dataloader()))))


def test_trl_finds_the_same_loss(tmp_path: Path) -> None:
    tokenizer, model = AutoTokenizer.from_pretrained(torch_folder()), fresh()
    before = answer_leads(model, tokenizer, COMPARISONS)
    train_dpo(model, tokenizer, COMPARISONS, SETTINGS, tmp_path / "adapter")
    apply_lora(model, tmp_path / "adapter")
    gained = [a - b for a, b in zip(answer_leads(model, tokenizer, COMPARISONS), before, strict=True)]
    ours = sum(math.log1p(math.exp(-SETTINGS.beta * one)) for one in gained) / len(gained)
    assert ours < math.log(2) - 0.01, "something was learned"
    assert loss_by_trl(model, tokenizer, tmp_path / "trl") == pytest.approx(ours, rel=0.01)
