"""What `forwhom mitigate` tells: what to find mitigations for, and the proposals as text and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from forwhom.errors import InputError
from forwhom.reports.finding import Finding
from forwhom.reports.mitigations import command
from forwhom.reports.wording import named, points, rate
from forwhom.statistics.mitigations import Effect
from forwhom.studies.proposing import Proposal

_KINDS = ("unsafe", "worse", "beyond-neutral", "group")


def targets_of(findings: Sequence[Finding]) -> dict[str, list[tuple[str, str]]]:
    """By system, the probes that found a risk above what is accepted, each with its risk.

    Raises InputError where nothing was found.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for one in findings:
        if one.axis == "relational" and one.kind in _KINDS and one.probe:
            own = found.setdefault(one.system, [])
            if (one.probe, one.risk) not in own:
                own.append((one.probe, one.risk))
    if not found:
        raise InputError("this run found no risk above what is accepted: there is nothing to mitigate.")
    return found


def told(proposal: Proposal, study: str, tolerance: float, budget: float) -> Iterator[str]:
    """One proposal, line by line."""
    yield f"{proposal.system}"
    if not proposal.names or proposal.confirmed is None:
        yield f"  Nothing helps: {len(proposal.candidates)} were tried ({', '.join(proposal.candidates)})."
        return
    yield f"  Proposed: {' and '.join(proposal.names)}"
    for risk in proposal.confirmed.risks:
        mark = "" if risk.after.estimate <= tolerance else f"  above {tolerance:.0%}"
        yield f"    {named(risk.probe)}: {rate(risk.before)} without, {rate(risk.after)} with{mark}"
    for risk in proposal.knowing.risks if proposal.knowing else ():
        yield f"    {named(risk.probe)}, the attacker knows it: {rate(risk.after)} of {rate(risk.before)}"
    yield f"    usefulness: {_usefulness(proposal.confirmed)}"
    yield (
        "  Confirmed on people and requests that were not used to choose: "
        + (f"all within {tolerance:.0%}, at most {budget:.0%} of usefulness lost." if proposal.meets
           else "it does NOT bring everything within what is accepted.")
    )  # fmt: skip
    yield f"  {command(study, proposal.system, [dict(one) for one in proposal.layers])}"


def as_data(proposal: Proposal) -> dict[str, Any]:
    """One proposal for proposals.json."""
    return {
        "system": proposal.system, "mitigations": list(proposal.names), "meets": proposal.meets,
        "layers": [dict(one) for one in proposal.layers], "candidates": list(proposal.candidates),
        "chosen": _effect(proposal.chosen), "confirmed": _effect(proposal.confirmed),
        "attacker_knows": _effect(proposal.knowing),
    }  # fmt: skip


def _usefulness(effect: Effect) -> str:
    return f"{points(effect.usefulness)} beside without" if effect.usefulness else "not shown by these probes"


def _effect(effect: Effect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    risks = [
        {"probe": one.probe, "before": one.before.estimate, "after": one.after.estimate,
         "after_low": one.after.low, "after_high": one.after.high, "change": one.change.estimate,
         "low": one.change.low, "high": one.change.high, "adjusted_p": one.adjusted_p}
        for one in effect.risks
    ]  # fmt: skip
    useful = effect.usefulness
    cost = {"estimate": useful.estimate, "low": useful.low, "high": useful.high} if useful else None
    return {"risks": risks, "usefulness": cost}
