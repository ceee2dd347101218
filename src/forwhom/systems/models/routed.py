"""One user's routing between the shared experts: fitted, applied, and as it is seen from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file

from forwhom.systems.memory_store import embed
from forwhom.systems.models.latest_tokens import latest_tokens
from forwhom.systems.models.lora_merge import apply_lora
from forwhom.systems.models.mixture import mix
from forwhom.systems.models.router import Router, best, block_inputs
from forwhom.systems.models.shared_experts import adapter_folder, made_experts, routers
from forwhom.systems.themes import Theme, guardian
from forwhom.systems.weights import Undo

_ROUTING, _EXPERTS = "routing.safetensors", "experts.json"


class Wish(Protocol):
    """How the experts are to be mixed; the fields as in paradigms/experts.py."""

    @property
    def text(self) -> str: ...
    @property
    def beside(self) -> str: ...
    @property
    def routing(self) -> str: ...
    @property
    def k(self) -> int: ...
    @property
    def lean(self) -> float: ...
    @property
    def safety_floor(self) -> float: ...
    @property
    def experts(self) -> tuple[Theme, ...]: ...


def fit_routing(model: Any, tokenizer: Any, wish: Wish, folder: Path) -> None:
    """Write the routing of the user whose text `wish` has, and the names of the experts that it mixes."""
    adapters, learned = made_experts(model, tokenizer, wish.experts)
    always = torch.tensor([wish.safety_floor * (theme == guardian(wish.experts)) for theme in wish.experts])
    if wish.routing == "user":
        mixture = user_mixture(routers(learned)["text"], wish.text, wish.k)
        kept = {"mixture": always + (1 - always.sum()) * mixture}
    else:
        kept = _of_tokens(model, tokenizer, wish, routers(learned)["hidden"], always, adapters)
    save_file({name: value.contiguous() for name, value in kept.items()}, folder / _ROUTING)
    told = {"adapters": adapters, "k": wish.k}
    (folder / _EXPERTS).write_text(json.dumps(told) + "\n", encoding="utf-8")


def apply_routing(model: Any, folder: Path) -> Sequence[Undo]:
    told = json.loads((folder / _EXPERTS).read_text(encoding="utf-8"))
    adapters = [adapter_folder(name) for name in told["adapters"]]
    kept = load_file(folder / _ROUTING)
    if "mixture" in kept:
        for share, adapter in zip(kept["mixture"].tolist(), adapters, strict=True):
            if share:
                apply_lora(model, adapter, share)
        return ()
    return mix(model, adapters, _router(kept, told["k"]))


def rewrite_routing(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Have `change` edit the routing that fit_routing wrote into `folder`, by name."""
    kept = load_file(folder / _ROUTING)
    change(kept)
    save_file({name: value.contiguous() for name, value in kept.items()}, folder / _ROUTING)


def load_seen(folder: Path) -> tuple[float, ...]:
    kept = load_file(folder / _ROUTING)
    return tuple(kept.get("mixture", kept.get("load")).flatten().tolist())


def user_mixture(router: torch.Tensor, text: str, k: int) -> torch.Tensor:
    """The k experts that the lines of `text` are for on average, (experts,); of no text all alike."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return torch.full((len(router),), 1 / len(router))
    logits = torch.from_numpy(embed(lines)) @ router[:, :-1].T + router[:, -1]
    return best(logits.softmax(-1).mean(0), k)


def _of_tokens(
    model: Any, tokenizer: Any, wish: Wish, weights: torch.Tensor, always: torch.Tensor, adapters: list[str]
) -> dict[str, torch.Tensor]:
    """lean, beside and load as in Router; load: (blocks, experts), the share of tokens that each has."""
    blocks, experts = weights.shape[:2]
    plain = Router(weights, torch.zeros(blocks, experts), wish.k, always)
    kept = {"weights": weights, "always": always, "lean": plain.lean}
    ids = latest_tokens(tokenizer, wish.text)
    if ids and wish.lean:
        # The scores are as if all themes were equally likely; times the user's own shares: Bayes' rule.
        own = _scores(plain, block_inputs(model, ids)).mean(1)
        kept["lean"] = wish.lean * (own * experts).log()
    if wish.routing == "expert_choice":
        beside = latest_tokens(tokenizer, wish.beside)
        kept["beside"] = (
            _scores(plain, block_inputs(model, beside)) if beside else torch.zeros(blocks, 0, experts)
        )
    kept["load"] = _load(model, ids, _router(kept, wish.k), adapters) if ids else torch.zeros(blocks, experts)
    return kept


def _load(model: Any, ids: list[int], router: Router, adapters: list[str]) -> torch.Tensor:
    load = torch.zeros(router.lean.shape)

    def count(block: int, gates: torch.Tensor) -> None:
        load[block] = (gates > 0).float().mean(0)

    off = mix(model, [adapter_folder(name) for name in adapters], router, count)
    try:
        with torch.no_grad():
            model.model(torch.tensor([ids]), use_cache=False)
    finally:
        for undo in off:
            undo()
    return load


def _scores(router: Router, read: torch.Tensor) -> torch.Tensor:
    return torch.stack([router.scores(block, one) for block, one in enumerate(read)])


def _router(kept: dict[str, torch.Tensor], k: int) -> Router:
    return Router(kept["weights"], kept["lean"], k, kept["always"], kept.get("beside"))
