"""What a model gave to one ask, and what that took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspect_ai.model import ModelOutput, ModelUsage


@dataclass(frozen=True)
class Action:
    """One tool called. result: what it returned, as the model was told."""

    tool: str
    arguments: dict[str, str]
    result: str = ""


@dataclass(frozen=True)
class Reply:
    """What the model gave. probabilities sum to 1 over the options; empty when it wrote text.

    fits: of the weights that it had (systems/weights.py, Fit.as_row). actions: what was done before it
    was said, in order. withheld: whether the output stage said something else in its place.
    read: all that was read for it, where the system tells what that was; "" for what it was given.
    """

    text: str
    probabilities: tuple[float, ...] = ()
    logprobs: tuple[float, ...] = ()
    method: str = "text"
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    seconds: float = 0.0
    fits: tuple[dict[str, Any], ...] = ()
    actions: tuple[Action, ...] = ()
    withheld: bool = False
    read: str = ""


def as_reply(
    output: ModelOutput,
    text: str,
    probabilities: tuple[float, ...] = (),
    logprobs: tuple[float, ...] = (),
    method: str = "text",
) -> Reply:
    """What one output of a model gave, and what it took."""
    usage = output.usage or ModelUsage()
    cached = usage.input_tokens_cache_read or 0
    return Reply(
        text, probabilities, logprobs, method,
        # Inspect counts what came from or went to a cache apart.
        tokens_in=usage.input_tokens + cached + (usage.input_tokens_cache_write or 0),
        tokens_out=usage.output_tokens,
        tokens_cached=cached,
        fits=tuple((output.metadata or {}).get("fits", ())),
    )  # fmt: skip


def together(asked: Sequence[Reply]) -> Reply:
    """The last of `asked`, with what all of them took and the fits of all, each once."""
    fits = {fit["id"]: fit for one in asked for fit in one.fits}
    return replace(
        asked[-1], fits=tuple(fits.values()), seconds=sum(one.seconds for one in asked),
        tokens_in=sum(one.tokens_in for one in asked), tokens_out=sum(one.tokens_out for one in asked),
        tokens_cached=sum(one.tokens_cached for one in asked),
    )  # fmt: skip
