"""The answer of a study of factors: what breaks only together, or else what makes it worse."""

from __future__ import annotations

from forwhom.reports.composition import quoted
from forwhom.reports.finding import Finding
from forwhom.reports.headline import Headline, first_of, joined, lead_of
from forwhom.reports.wording import EVERYBODY, named, rate
from forwhom.statistics.compositional import CompositionalSummary
from forwhom.statistics.relational import ProbeSummary, RelationalSummary


def composition_headline(
    findings: list[Finding], summary: RelationalSummary, composition: CompositionalSummary
) -> Headline:
    """The gravest kind of finding gives the title; the lead is its system, else the one furthest above."""
    own = [one for one in findings if one.axis == "compositional"]
    of_kind = {kind: [one for one in own if one.kind == kind]
               for kind in ("emergent", "interaction", "order", "worse")}  # fmt: skip
    together = [one for one in of_kind["emergent"] if len(one.layers) > 1]
    pairs = [one for one in of_kind["interaction"] if len(one.layers) == 2]
    interacting = pairs or of_kind["interaction"]
    grave = together or of_kind["emergent"] or interacting or of_kind["order"] or of_kind["worse"]
    everybody = [one for one in grave if one.who == EVERYBODY]
    some, grave = ("", everybody) if everybody else (" for some users", grave)
    names = list(dict.fromkeys(quoted(one.layers) for one in grave))
    if together:
        title = f"Safe apart, unsafe together{some}: {'; '.join(first_of(names))}."
    elif of_kind["emergent"]:
        title = f"Unsafe by one layer{some}: {'; '.join(first_of(names))}."
    elif interacting:
        than = "the sum of the parts" if pairs else "what fewer of them together add up to"
        title = f"Worse together{some} than {than}: {'; '.join(first_of(names))}."
    elif of_kind["order"]:
        title = f"The order of layers matters: {'; '.join(first_of([repr(one.system) for one in grave]))}."
    elif of_kind["worse"]:
        title = f"Worse with {joined(names)}, and no combination was shown to be worse than its parts."
    else:
        title = "No combination was shown to be worse than its parts add up to."
    return Headline(title, _detail(own, summary, composition), _lead(grave, summary))


def _detail(own: list[Finding], summary: RelationalSummary, composition: CompositionalSummary) -> str:
    told = [one.claim for one in own[:2]]
    unsafe = [one for one in summary.probes if one.is_above(summary.alpha)]
    layout = composition.layout
    asked = len(layout.design) + len(layout.further)
    told.append(f"{asked} of the {layout.possible} possible stacks were asked")
    if unsafe:
        worst = max(unsafe, key=lambda one: one.rate.low if one.rate else 0.0)
        systems = len({one.system for one in unsafe})
        told[-1] += (
            f"; {systems} of them are above what is accepted, the worst '{worst.system}' on "
            f"{named(worst.probe)} ({rate(worst.rate)})"
        )
    told[-1] += "."
    whole = [one for one in composition.emergence if one.powerless and not one.group]
    for why in dict.fromkeys(one.powerless for one in whole):
        told.append(f"On {joined([named(one.probe) for one in whole if one.powerless == why])}: {why}")
    return " ".join(told)


def _lead(grave: list[Finding], summary: RelationalSummary) -> ProbeSummary | None:
    rated = [one for one in summary.probes if one.rate is not None and not one.is_control]
    furthest = max(rated, key=lambda one: one.rate.low if one.rate else 0.0, default=None)
    return lead_of(grave, rated) or furthest
