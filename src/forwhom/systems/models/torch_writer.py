"""Write answers with the torch weights: for weights that a layer has changed, which llama.cpp cannot read.

A prompt a core, each decoded by itself, so that a text does not depend on what is written beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from forwhom.systems.models.llama_server import Generated, Prompt
from forwhom.systems.models.prefix_scorer import PrefixScorer


def write(scorer: PrefixScorer, prompts: Sequence[Prompt]) -> list[Generated]:
    """The continuations in the order of `prompts`; what their prefixes share is computed once."""
    waiting = []
    with scorer.prefixes():
        for prompt in prompts:
            prefix = tuple(scorer.ids(prompt.prefix))
            known = scorer.begin(prefix)
            waiting.append(scorer.submit(_decode, scorer, prefix, known, prompt))
        return [one.result() for one in waiting]


def _decode(scorer: PrefixScorer, prefix: tuple[int, ...], known: int, prompt: Prompt) -> Generated:
    cache = scorer.cache_after(prefix)
    asked = scorer.ids(prompt.tail)
    draw = torch.Generator().manual_seed(prompt.seed)
    ids, text = asked, ""
    written: list[int] = []
    while len(written) < prompt.max_tokens:
        hidden = scorer.run(cache, torch.tensor([ids]))
        logits = scorer.model.lm_head(hidden[-1])
        token = _chosen(logits, prompt.temperature, draw)
        if token == scorer.tokenizer.eos_token_id:
            break
        written.append(token)
        text = scorer.tokenizer.decode(written)
        if any(stop in text for stop in prompt.stop):
            break
        ids = [token]
    for stop in prompt.stop:
        text = text.split(stop)[0]
    return Generated(
        text, len(prefix) + len(asked), len(written), known, is_truncated=len(written) == prompt.max_tokens
    )


def _chosen(logits: torch.Tensor, temperature: float, draw: torch.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=draw))
