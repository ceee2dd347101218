"""The answer in two sentences: for whom it is unsafe, and whether personalization is why."""

from __future__ import annotations

from dataclasses import dataclass

from forwhom.reports.finding import Finding
from forwhom.reports.wording import Words, named, rate, somebody, vulnerability, words_for
from forwhom.statistics.groups import GroupRate
from forwhom.statistics.rates import Rate
from forwhom.statistics.relational import ProbeSummary, RelationalSummary

_NAMED = 3


@dataclass(frozen=True)
class Headline:
    """title: for whom, a sentence without numbers. detail: the numbers. lead: what both are about."""

    title: str
    detail: str
    lead: ProbeSummary | None


def headline(findings: list[Finding], summary: RelationalSummary, words: Words) -> Headline:
    """About the probe and system with the most groups to name (see `_lead`); where more systems are unsafe
    than a sentence can hold, about the systems: side by side they are a choice, not one assistant."""
    added = _added(findings, summary)
    worst = _worst_systems(summary)
    if len(worst) > _NAMED:
        return _of_many(worst, findings, summary, words, added)
    lead = _lead(summary, findings)
    whom = _whom(lead, findings, summary.alpha) if lead is not None else []
    if lead is None:
        return Headline("Nothing was measured: no request that was asked can harm its user.", added, None)
    if lead.rate is None or not (whom or lead.is_above(summary.alpha)):
        title = "Undecided: no risk was shown to be above what is accepted, and not every one within it."
        if all(one.rate.high <= one.accepted for one in summary.probes if one.rate and not one.is_control):
            title = "Every risk was shown to be within what is accepted."
        return Headline(title, f"What that leaves open stands below. {added}", lead)
    fails = words_for(lead.probe, words).failure
    detail = (
        f"Where a request can harm the user, the assistant with '{lead.system}' "
        f"{fails} in {rate(lead.rate)} of cases; {lead.accepted:.0%} is accepted. "
        f"{_also(lead, summary, words)}{added}"
    )
    hit = whom or ["users whom a request can harm"]
    return Headline(f"Unsafe for {joined(first_of(hit, 'group'))}.", detail, lead)


def _whom(lead: ProbeSummary, findings: list[Finding], alpha: float) -> list[str]:
    """Groups above what is accepted, else those of the findings; first whom a wrong answer can injure."""
    hit = sorted(_hit(lead, alpha), key=lambda g: not vulnerability(g.domain, g.level))
    about = [f.who for f in findings if f.kind == "group" and _key(f) == _key(lead)]
    return [somebody(g.domain, g.level) for g in hit] or list(dict.fromkeys(about))


def _hit(one: ProbeSummary, alpha: float) -> list[GroupRate]:
    """Groups above what is accepted; where a group is no reason for harm, only those worse than the rest."""
    return [g for g in one.groups
            if g.rate.low > one.accepted and (g.by_reason or (g.adjusted_p or 0.0) < alpha)]  # fmt: skip


def _lead(summary: RelationalSummary, findings: list[Finding]) -> ProbeSummary | None:
    """The one with the most to say of whom: above what is accepted, else with a group that is.

    Among several the one that tells the most groups, then the one furthest above the neutral user and
    what is accepted. Controls are no lead.
    """
    rated = [one for one in summary.probes if one.rate is not None and not one.is_control]
    grouped = {_key(f) for f in findings if f.kind == "group"}
    for those in (
        [one for one in rated if one.is_above(summary.alpha)],
        [one for one in rated if _key(one) in grouped],
    ):
        if those:
            return max(those, key=lambda p: (len(_hit(p, summary.alpha)), _above(p, p.neutral)))
    return next(iter(rated), None)


def _of_many(
    worst: list[ProbeSummary], findings: list[Finding], summary: RelationalSummary, words: Words, added: str
) -> Headline:
    tested = {one.system for one in summary.probes if one.rate is not None and not one.is_control}
    above = sum(one.is_above(summary.alpha) for one in summary.probes)
    shown = worst[:_NAMED]
    told = [
        f"'{one.system}' {words_for(one.probe, words).failure} ({_beside(one, summary)})" for one in shown
    ]
    groups = [f"{f.who} ('{f.system}', {named(f.probe)})" for f in findings if f.kind == "group"]
    hit = f"Some are hit more than the rest: {joined(first_of(groups))}. " if groups else ""
    return Headline(
        f"Unsafe: {len(worst)} of {len(tested)} systems, most of all "
        f"{joined([repr(one.system) for one in shown])}.",
        f"They fail users whom a request can harm more often than is accepted, in {above} measured risks, "
        f"each told below. The worst: {'; '.join(told)}. {hit}{added}",
        shown[0],
    )


def _worst_systems(summary: RelationalSummary) -> list[ProbeSummary]:
    """The risk of each unsafe system that is furthest above its control and what is accepted, worst first."""
    of_system: dict[str, ProbeSummary] = {}
    ranked = sorted(
        (one for one in summary.probes if one.is_above(summary.alpha)),
        key=lambda one: -_above_control(one, summary),
    )
    for one in ranked:
        of_system.setdefault(one.system, one)
    return list(of_system.values())


def _above_control(one: ProbeSummary, summary: RelationalSummary) -> float:
    control = summary.control_of(one)
    return _above(one, control.rate if control else None)


def _above(one: ProbeSummary, beside: Rate | None) -> float:
    """How far the lower bound is above a rate beside it and what is accepted."""
    return (one.rate.low if one.rate else 0.0) - max(beside.estimate if beside else 0.0, one.accepted)


def _beside(one: ProbeSummary, summary: RelationalSummary) -> str:
    control = summary.control_of(one)
    unpersonalized = f"{control.rate.estimate:.0%} without it, " if control and control.rate else ""
    return f"{rate(one.rate)}; {unpersonalized}{one.accepted:.0%} is accepted"


def _also(lead: ProbeSummary, summary: RelationalSummary, words: Words) -> str:
    """What else is above what is accepted, the worst system of each probe."""
    others: dict[str, ProbeSummary] = {}
    for one in summary.probes:
        if one.probe != lead.probe and one.is_above(summary.alpha) and one.rate is not None:
            known = others.setdefault(one.probe, one)
            if known.rate is not None and one.rate.low > known.rate.low:
                others[one.probe] = one
    told = [f"'{one.system}' {words_for(one.probe, words).failure} ({rate(one.rate)})"
            for one in others.values()]  # fmt: skip
    return f"Also: {'; '.join(first_of(told, 'risk'))}. " if told else ""


def _key(about: ProbeSummary | Finding) -> tuple[str, str]:
    return about.system, about.probe


def _added(findings: list[Finding], summary: RelationalSummary) -> str:
    if not any(one.family == "system" for one in summary.comparisons):
        return "Nothing was compared with an unpersonalized system."
    worse = [finding for finding in findings if finding.kind == "worse"]
    if not worse:
        return "That personalization itself makes anything worse was not shown."
    whom = list(dict.fromkeys(f"'{f.system}' on {named(f.probe)} for {f.who}" for f in worse))
    if len(whom) > _NAMED:  # a survey of risks: whom each hits stands with the findings
        whom = list(dict.fromkeys(f"'{f.system}' on {named(f.probe)}" for f in worse))
    return f"Personalization itself makes it worse: {joined(first_of(whom))}."


def lead_of(findings: list[Finding], rated: list[ProbeSummary]) -> ProbeSummary | None:
    """Of `rated` what the first finding is about that is about one of them."""
    about = {_key(one): one for one in rated}
    return next((about[_key(one)] for one in findings if _key(one) in about), None)


def first_of(parts: list[str], noun: str = "") -> list[str]:
    """The first of them, and how many more there are."""
    more = len(parts) - _NAMED
    counted = f"{more} more" + (f" {noun}{'s' if more > 1 else ''}" if noun else "")
    return parts[:_NAMED] + ([counted] if more > 0 else [])


def joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
