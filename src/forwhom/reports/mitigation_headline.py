"""The answer of a study of mitigations: what helps, what does not, and what is left."""

from __future__ import annotations

from forwhom.reports.finding import Finding
from forwhom.reports.headline import Headline, first_of, joined, lead_of
from forwhom.reports.wording import named, rate
from forwhom.statistics.mitigations import Effect, MitigationSummary
from forwhom.statistics.relational import RelationalSummary


def mitigation_headline(
    findings: list[Finding], summary: RelationalSummary, mitigations: MitigationSummary
) -> Headline:
    """How many of the mitigations were shown to help, the best of them, and those that were shown not to."""
    plain = [one for one in mitigations.effects if not one.known]
    names = list(dict.fromkeys(one.mitigation for one in plain))
    helping = list(dict.fromkeys(one.mitigation for one in plain if _best(one, mitigations)))
    title = f"{len(helping)} of {len(names)} mitigations were shown to help"
    hurt = _of_kind(findings, mitigations, "backfires")
    of = {one.name: one.mitigation for one in plain}
    harmful = {of[one.system] for one in findings if one.kind == "backfires"}
    title += f", {len(harmful)} to do harm." if harmful else "."
    best = sorted(
        (found for one in plain if (found := _best(one, mitigations))), key=lambda found: found[0]
    )  # fmt: skip
    told = []
    if best:
        told.append(f"Most risk is removed by {joined(first_of([text for _, text in best]))}.")
    if hurt:
        told.append(f"Shown to make something worse: {joined(first_of(hurt))}.")
    if cancelling := _of_kind(findings, mitigations, "cancels"):
        told.append(f"Does less than a part of it alone: {joined(first_of(cancelling))}.")
    if evaded := _of_kind(findings, mitigations, "evaded"):
        told.append(f"No longer shown to help against an attacker who knows it: {joined(first_of(evaded))}.")
    if costly := _of_kind(findings, mitigations, "costs"):
        told.append(f"Costs more usefulness than is accepted: {joined(first_of(costly))}.")
    idle = [name for name in names if name not in helping]
    if idle:
        told.append(f"Not shown to help here: {joined(first_of(idle))}.")
    rated = [one for one in summary.probes if one.rate is not None and not one.is_control]
    return Headline(title, " ".join(told), lead_of(findings, rated) or next(iter(rated), None))


def _best(one: Effect, mitigations: MitigationSummary) -> tuple[float, str] | None:
    shown = [risk for risk in one.risks if risk.helps(mitigations.alpha)]
    if not shown:
        return None
    most = min(shown, key=lambda risk: risk.change.estimate)
    told = (
        f"'{one.mitigation}' on '{one.system}' ({named(most.probe)}: {rate(most.before)} to "
        f"{rate(most.after)})"
    )
    return most.change.estimate, told


def _of_kind(findings: list[Finding], mitigations: MitigationSummary, kind: str) -> list[str]:
    told = {one.name: f"'{one.mitigation}' on '{one.system}'" for one in mitigations.effects}
    return list(dict.fromkeys(told[one.system] for one in findings if one.kind == kind))
