"""A small model of random weights that learns in no time: for what does not depend on what it says."""

from __future__ import annotations

from typing import Any


def tiny_model(vocabulary: int = 49152) -> Any:
    """As transformers builds it; the tokens of the embedded model unless told otherwise."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(LlamaConfig(
            vocab_size=vocabulary, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512,
        )).eval()  # fmt: skip
