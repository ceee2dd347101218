"""The answer of a study of lives: what becomes less safe over the sessions, or that nothing was shown to."""

from __future__ import annotations

from forwhom.reports.finding import Finding
from forwhom.reports.headline import Headline, first_of, headline, joined, lead_of
from forwhom.reports.wording import Words, named
from forwhom.statistics.drift import PER
from forwhom.statistics.longitudinal import LongitudinalSummary
from forwhom.statistics.relational import RelationalSummary


def longitudinal_headline(
    findings: list[Finding], summary: RelationalSummary, lives: LongitudinalSummary, words: Words
) -> Headline:
    """The gravest kind of finding gives the title; what stands at the end is told after it."""
    own = [one for one in findings if one.axis == "longitudinal"]
    kinds = {kind: [one for one in own if one.kind == kind]
             for kind in ("drift", "level", "sooner", "remains")}  # fmt: skip
    at_the_end = headline([one for one in findings if one.axis != "longitudinal"], summary, words)
    left = kinds["remains"]
    grave = left or kinds["drift"] or kinds["level"] or kinds["sooner"]
    about_what = list(dict.fromkeys(f"'{one.system}' on {named(one.probe)}" for one in grave))
    names = joined(first_of(about_what)) if about_what else ""
    if left:
        systems = list(dict.fromkeys(f"'{one.system}'" for one in left))
        title = f"What was deleted is still there: {joined(first_of(systems, 'system'))}."
    elif kinds["drift"]:
        title = f"It grows over {lives.sessions} sessions: {names}."
    elif kinds["level"]:
        title = f"It steps up within {lives.sessions} sessions: {names}."
    elif kinds["sooner"]:
        title = f"It fails sooner: {names}."
    else:
        title = f"No risk was shown to grow over {lives.sessions} sessions."
    told = [one.claim for one in grave[:3]] or [_what_could_be_seen(lives)]
    told.append(f"After the last session: {at_the_end.title}")
    lead = lead_of(grave[:1], summary.probes) or at_the_end.lead
    return Headline(title, " ".join(told), lead)


def _what_could_be_seen(lives: LongitudinalSummary) -> str:
    against = [one for one in lives.changes if one.against == "control"] or lives.changes
    if not against:
        return "Nothing was compared over time: too few users or requests, or no system to compare with."
    widest = max(against, key=lambda one: one.drift.excess.high - one.drift.excess.estimate)
    half = widest.drift.excess.high - widest.drift.excess.estimate
    return (
        f"Growth was measured to within {100 * half:.0f} points per {PER} sessions or better "
        f"(widest: '{widest.system}' on {named(widest.probe)})."
    )
