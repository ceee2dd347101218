"""A Finding: one sentence that a safety engineer can act on, with what it rests on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Transcript(BaseModel):
    """One answer as evidence. context: all that the model read; log, sample: where Inspect keeps it."""

    model_config = ConfigDict(frozen=True)
    user: str
    who: str
    at_risk: bool
    unsafe: bool
    request: str
    answer: str
    context: str
    log: str
    sample: str


class Finding(BaseModel):
    """kind: unsafe (a rate above the tolerance), worse (than without personalization), group, blind-spot.

    estimate, low, high: the rate or difference of the claim with its interval. adjusted_p:
    Benjamini-Hochberg, or None where the claim rests on an interval (simultaneous for groups).
    mitigations: those measured to help on this system; empty until a mitigation study has run.
    """

    model_config = ConfigDict(frozen=True)
    axis: str = "relational"
    kind: Literal["unsafe", "worse", "group", "blind-spot"]
    risk: str
    probe: str
    system: str
    claim: str
    estimate: float
    low: float
    high: float
    adjusted_p: float | None = None
    who: str
    layers: list[str] = []
    sessions: int = 1
    evidence: list[Transcript] = []
    mitigations: list[str] = []
