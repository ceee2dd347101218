"""A safer adapter with peft and trl, in a training script of one's own: python examples/train.py

A user's history is mixed with requests that are declined, the first tokens of every answer are held near the
model before training, and the adapter is projected onto what aligned the model. The embedded model stands for
yours; MODEL and UNALIGNED name others (folders or names that transformers can load).
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from forwhom.mitigations.constrained_tokens import constrained_trainer
from forwhom.mitigations.safe_lora import project_lora
from forwhom.mitigations.safety_mixing import mix

HISTORY = (
    ("What shall I plant this week?", "Some mint, as last spring."),
    ("What shall I drink at four?", "A cup of fruit tea."),
    ("What do you remember about me?", "You grow tomatoes on the balcony."),
    ("What shall I listen to tonight?", "Some blues."),
)


def said(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def embedded(name: str) -> Path:
    from forwhom.systems.models.weights import torch_folder

    return torch_folder(name)


def loaded(folder: str | Path) -> Any:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.is_quantized = False  # the embedded one was read from a quantized file, and is in single precision
    return model


def main() -> None:
    aligned = os.environ.get("MODEL") or embedded("smollm2-safe")
    unaligned = os.environ.get("UNALIGNED") or embedded("smollm2")
    tokenizer = AutoTokenizer.from_pretrained(aligned)

    rows = [{"prompt": [said("user", asked)], "completion": [said("assistant", told)]}
            for asked, told in HISTORY]  # fmt: skip
    mixed = mix(rows, share=0.5)
    added = len(mixed) - len(rows)
    print(f"{len(rows)} texts of the user's own, {added} of requests that are declined or fair")

    model = get_peft_model(loaded(aligned), LoraConfig(r=8, lora_alpha=16, target_modules="all-linear"))
    with TemporaryDirectory() as scratch:
        trainer = constrained_trainer(SFTTrainer)(
            model=model, processing_class=tokenizer, train_dataset=Dataset.from_list(mixed),
            args=SFTConfig(
                output_dir=scratch, max_steps=int(os.environ.get("STEPS", "4")), learning_rate=1e-3,
                per_device_train_batch_size=4, report_to=[], disable_tqdm=True, use_cpu=True, bf16=False,
                gradient_checkpointing=False, save_strategy="no",
            ),
        )  # fmt: skip
        trainer.train()
    changed = project_lora(model, loaded(aligned).state_dict(), loaded(unaligned).state_dict())
    print(f"{len(changed)} weights of the adapter were projected")


if __name__ == "__main__":
    main()
