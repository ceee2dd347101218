"""Direct preference optimisation: a LoRA adapter that makes chosen answers likelier than rejected ones.

Rafailov et al., arXiv:2305.18290, by trl's trainer. The reference is the model without the adapter. Learned
is how far the two answers are apart, not how likely either is by itself.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from inspect_ai.model import ChatMessageUser
from pydantic import BaseModel, ConfigDict, Field

from forwhom.errors import InputError
from forwhom.systems.comparisons import Comparison
from forwhom.systems.models.chatml import TURN_END, render
from forwhom.systems.models.lora import as_it_was

_LONGEST = 192  # tokens of a prompt with its answer; the end of a longer one is not learned


class DpoSettings(BaseModel):
    """beta: how dearly a step away from the reference is paid. passes: how often the comparisons are gone
    through, `batch_size` a step. The adapter is on every linear layer but the head."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rank: int = Field(default=8, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    beta: float = Field(default=0.1, gt=0)
    passes: int = Field(default=2, ge=1)
    batch_size: int = Field(default=4, ge=1)
    seed: int = 0


@dataclass(frozen=True)
class DpoTraining:
    """Where the adapter lies, and of each step, before it: the loss, and by how much the chosen answers gained
    on the rejected ones (mean over the batch, nats times beta)."""

    folder: Path
    losses: tuple[float, ...]
    margins: tuple[float, ...]


def train_dpo(
    model: Any, tokenizer: Any, comparisons: Sequence[Comparison], settings: DpoSettings, folder: Path
) -> DpoTraining:
    """Train on `comparisons`, write the adapter into `folder` in peft's format, leave `model` as it was.

    model: a causal language model of transformers in single precision; tokenizer: one that knows ChatML.
    The same seed and comparisons give the same adapter on the same number of cores.
    """
    if not comparisons:
        raise InputError("Preference optimisation needs at least one comparison to learn from.")
    with TemporaryDirectory() as scratch, _undisturbed(model):
        from datasets import Dataset
        from peft import LoraConfig
        from transformers import PrinterCallback
        from trl import DPOConfig, DPOTrainer

        trainer = DPOTrainer(
            model=model,
            args=DPOConfig(
                output_dir=scratch, save_strategy="no", report_to=[], disable_tqdm=True, logging_steps=1,
                use_cpu=True, bf16=False, gradient_checkpointing=False, dataloader_pin_memory=False,
                per_device_train_batch_size=settings.batch_size, num_train_epochs=settings.passes,
                learning_rate=settings.learning_rate, warmup_steps=0.1, beta=settings.beta,
                max_length=_LONGEST, seed=settings.seed,
            ),
            train_dataset=Dataset.from_list([_row(one) for one in comparisons]),
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=settings.rank, lora_alpha=2 * settings.rank, lora_dropout=0.0, task_type="CAUSAL_LM",
                target_modules="all-linear",
            ),
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        try:
            trainer.train()
            trainer.model.save_pretrained(folder, safe_serialization=True)
        finally:
            trainer.model.unload()
    steps = [one for one in trainer.state.log_history if "loss" in one]
    return DpoTraining(
        folder, tuple(float(one["loss"]) for one in steps), tuple(float(one["rewards/margins"]) for one in steps)
    )


def prompt_text(prompt: str) -> str:
    """As the model reads it, up to where its answer begins."""
    return "".join(render((ChatMessageUser(content=prompt),)))


def _row(one: Comparison) -> dict[str, str]:
    """As text that ends in the end of a turn: trl adds none, and applies no template of its own."""
    return {
        "prompt": prompt_text(one.prompt), "chosen": one.chosen + TURN_END, "rejected": one.rejected + TURN_END,
    }  # fmt: skip


@contextmanager
def _undisturbed(model: Any) -> Iterator[None]:
    """Training says nothing, and leaves nothing behind but what it wrote.

    The trainer seeds every random generator of the process, gives the model another forward, and refuses
    weights that were read from a quantized file, though they have long been single precision.
    """
    import datasets
    import numpy as np
    import torch
    from transformers.utils import logging

    kept = model.__dict__.copy()
    padding = model.config.pad_token_id, model.generation_config.pad_token_id
    drawn = random.getstate(), np.random.get_state()  # noqa: NPY002 - what is put back is the legacy state
    said, shows = logging.get_verbosity(), not datasets.are_progress_bars_disabled()
    logging.set_verbosity_error()
    datasets.disable_progress_bars()
    model.is_quantized = False
    try:
        with torch.random.fork_rng(devices=[]), as_it_was(model), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for name in model.__dict__.keys() - kept.keys():
            delattr(model, name)
        model.__dict__.update(kept)
        model.config.pad_token_id, model.generation_config.pad_token_id = padding
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        logging.set_verbosity(said)
        if shows:
            datasets.enable_progress_bars()
