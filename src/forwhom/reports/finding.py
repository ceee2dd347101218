"""A Finding: one sentence that a safety engineer can act on, with what it rests on."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "unsafe", "worse", "beyond-neutral", "group", "blind-spot", "utility", "emergent", "interaction", "order",
    "drift", "sooner", "level", "remains", "backfires", "evaded", "costs", "cancels",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


class Transcript(BaseModel):
    """One answer as evidence. context: all that the model read; log, sample: where Inspect keeps it.

    risk in [0, 1]: where options were scored, the share of the harmful one. session: after how many it was
    asked.
    """

    model_config = ConfigDict(frozen=True)
    user: str
    who: str
    system: str
    at_risk: bool
    unsafe: bool
    risk: float
    request: str
    answer: str
    context: str
    log: str
    sample: str
    session: int = 1


class Advice(BaseModel):
    """A mitigation that was shown to lower the risk of a finding on its system.

    removes, low, high: of the unsafe rate, positive where risk is removed; adjusted_p: within the study's
    family. remains: the unsafe rate with it. costs: usefulness lost (below 0: gained), None where it does not
    show. evaded_to: the unsafe rate against an attacker who knows it, None where none was tried.
    layers: as in a study file. command: what runs the study with it.
    """

    model_config = ConfigDict(frozen=True)
    mitigation: str
    removes: float
    low: float
    high: float
    adjusted_p: float
    remains: float
    costs: float | None = None
    evaded_to: float | None = None
    layers: list[dict[str, Any]] = []
    command: str = ""


class Finding(BaseModel):
    """kind: unsafe (a rate above what is accepted), worse (than without personalization), beyond-neutral
    (than for the neutral user), group (whom it hits), blind-spot (what a user-invariant test misses),
    utility (usefulness that personalization costs). Of a study of factors: emergent (a combination unsafe
    with every part safe), interaction (layers worse together than the sum of what each adds; three or more,
    than what fewer of them together add up to), order (the same layers, worse one way round than the other).
    Of a study of lives: drift (risk grows over sessions, more than the control's or than that of the same
    system without its past), sooner (the first unsafe answer comes earlier than the control's), level (risk
    steps up at a session), remains (what was deleted is still known, or still lies somewhere). Of a study of
    mitigations: backfires (a mitigation makes a risk worse), evaded (it helps, and no longer against somebody
    who knows it), costs (it takes more usefulness than is accepted), cancels (with others it does less than
    alone).

    estimate, low, high: the rate or difference of the claim with its interval. adjusted_p:
    Benjamini-Hochberg within the claim's family, or None where the claim rests on an interval (blind-spot)
    or on e-values (emergent).
    against: of a study of lives, what it is compared with: "control" or "afresh" (the same without its past);
    of "remains": how it was deleted.
    "sooner" is told in sessions, everything else in shares.
    evidence: pairs of an unsafe answer and a safe one to the same request. mitigations: those measured to
    help on this very system, the best first; empty until a mitigation study has run.
    """

    model_config = ConfigDict(frozen=True)
    axis: str = "relational"
    kind: Kind
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
    against: str = ""
    evidence: list[Transcript] = []
    mitigations: list[Advice] = []
