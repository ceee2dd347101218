"""The experts that all users of a deployment share: one LoRA adapter a theme, and routers between them.

Each expert is trained by itself on the text of its theme, and the routers afterwards to tell the themes
apart; nothing of any user goes into them. They are made once for each base model and kept in the cache,
since training them takes about a minute.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from forwhom.errors import InputError
from forwhom.systems.history import as_data
from forwhom.systems.memory_store import embed
from forwhom.systems.models.chatml import render
from forwhom.systems.models.lora import train_lora
from forwhom.systems.models.made_once import made_once
from forwhom.systems.models.router import block_inputs, learn_router
from forwhom.systems.models.weights import cache_folder
from forwhom.systems.themes import EXPERT, ROUTER_DECAY, Theme, examples

_ROUTERS = "routers.safetensors"


def made_experts(model: Any, tokenizer: Any, themes: Sequence[Theme]) -> tuple[list[str], str]:
    """Names in the cache of the adapters, in the order of `themes`, and of the routers; what is missing there
    is made."""
    base = _fingerprint(model)
    adapters = {theme: _name(base, EXPERT.model_dump_json(), as_data(examples(theme))) for theme in themes}
    routers = _name(base, ROUTER_DECAY, list(themes), [as_data(examples(theme)) for theme in themes])
    if not all(_at(name).is_dir() for name in (*adapters.values(), routers)):
        print(
            "forwhom: training the experts that all users share (once, about a minute) ...", file=sys.stderr
        )
    for theme, name in adapters.items():
        made_once(_at(name), partial(_train, model, tokenizer, theme))
    made_once(_at(routers), partial(_learn_routers, model, tokenizer, themes))
    return list(adapters.values()), routers


def adapter_folder(name: str) -> Path:
    """Raises InputError where it was deleted while fits that name it were kept."""
    folder = _at(name)
    if not folder.is_dir():
        raise InputError(
            f"{folder}: an expert that users' routings name is gone; delete the routings, too, and both are "
            f"made anew: {cache_folder() / 'fits' / 'experts'}"
        )
    return folder


def routers(name: str) -> dict[str, torch.Tensor]:
    """hidden: (blocks, experts, hidden size + 1), on what a block reads; text: (experts, 257), on the
    embedding of a text. The last column is the constant."""
    kept: dict[str, torch.Tensor] = load_file(_at(name) / _ROUTERS)
    return kept


def _train(model: Any, tokenizer: Any, theme: Theme, folder: Path) -> None:
    train_lora(model, tokenizer, examples(theme), EXPERT, folder)


def _learn_routers(model: Any, tokenizer: Any, themes: Sequence[Theme], folder: Path) -> None:
    read, of_tokens, texts, of_texts = [], [], [], []
    for place, theme in enumerate(themes):
        for example in examples(theme):
            # Of the request alone: a system prompt, which some themes have, would give them away.
            prompt = "".join(render(example.messages[-1:]))
            ids = tokenizer(prompt + example.answer, add_special_tokens=False)["input_ids"]
            read.append(block_inputs(model, ids))
            of_tokens += [place] * len(ids)
            texts.append(f"{example.messages[-1].text} {example.answer}")
            of_texts.append(place)
    learned = {
        "hidden": learn_router(torch.cat(read, 1), of_tokens, ROUTER_DECAY),
        "text": learn_router(torch.from_numpy(embed(texts))[None], of_texts, ROUTER_DECAY)[0],
    }
    save_file(learned, folder / _ROUTERS)


def _fingerprint(model: Any) -> str:
    """Of the weights: of every eighth row, since whatever a layer changes, it changes more than one."""
    digest = hashlib.blake2b()
    for name, weight in model.named_parameters():
        digest.update(name.encode())
        digest.update(weight.detach()[::8].contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


def _name(*determined_by: Any) -> str:
    return hashlib.sha256(json.dumps(determined_by).encode()).hexdigest()[:16]


def _at(name: str) -> Path:
    return cache_folder() / "experts" / name
