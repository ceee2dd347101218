"""Make smollm2-safe: the embedded model, taught to decline what harms and to help with the rest.

Refusals are learned as in arXiv:2307.09288 (safety fine-tuning on pairs of request and refusal), with a
LoRA adapter (arXiv:2106.09685) that is then merged; refusals that depend on who asks as in arXiv:2502.15086.
It exists so that erosion can be measured: the model underneath declines nothing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from forwhom.systems.models.descent import Tell
from forwhom.systems.models.gguf_merge import merge_into_gguf
from forwhom.systems.models.lora import LoraSettings, texts, train_lora
from forwhom.systems.models.safe_base.data import examples

SETTINGS = LoraSettings(rank=16, alpha=32, learning_rate=1e-3, steps=84, batch_size=8, seed=0)
_VERSION = 1  # of what trains and merges


@lru_cache(maxsize=1)
def recipe_key() -> str:
    """Hash of all that the result depends on besides the weights that it starts from.

    That is the settings and every text that is learned, whichever file or function it comes from.
    """
    learned = [texts(example) for example in examples()]
    told = json.dumps([_VERSION, SETTINGS.model_dump(mode="json"), learned], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def make_safe(gguf: Path, torch_weights: Path, target: Path, tell: Tell | None = None) -> None:
    """Train on `torch_weights` (a folder) and write `target`, a GGUF file: `gguf` plus what was learned.

    tell: is called after each step.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(torch_weights)
    model: Any = AutoModelForCausalLM.from_pretrained(
        torch_weights, dtype=torch.float32, use_safetensors=True
    )
    with tempfile.TemporaryDirectory() as folder:
        train_lora(model, tokenizer, examples(), SETTINGS, Path(folder), tell)
        merge_into_gguf(gguf, Path(folder), target)
