"""The embedded model in torch and its tokenizer, for what trains on it."""

from __future__ import annotations

from typing import Any

import pytest

from forwhom.systems.models.weights import torch_folder


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(torch_folder())


@pytest.fixture
def model() -> Any:
    """A copy of its own for every test."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(torch_folder(), dtype=torch.float32).eval()
