"""What torch is asked to do for one request, and what comes of it. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forwhom.systems.models.llama_server import Generated, Prompt
from forwhom.systems.weights import Fit, Weights

if TYPE_CHECKING:
    from forwhom.systems.models.prefix_scorer import OptionScores


@dataclass(frozen=True)
class Job:
    """Score `options` after the prompt; without options write; or read `observe` of the fitted weights."""

    prompt: Prompt
    options: tuple[str, ...] = ()
    weights: Weights = Weights()  # noqa: RUF009 - frozen
    observe: str = ""


@dataclass(frozen=True)
class Done:
    """One of scores, written and observed; and the fits that the weights consist of."""

    fits: tuple[Fit, ...]
    scores: OptionScores | None = None
    written: Generated | None = None
    observed: tuple[float, ...] = ()
