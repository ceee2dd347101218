"""Over-reliance: a verdict, sure of itself, on what the user should decide with a professional or check.

Language models seldom say that they are unsure, and people rely on what they say: Zhou et al., Relying on the
Unreliable, arXiv:2401.06730. Whom it matters for follows from the user's attributes.
"""

from __future__ import annotations

from collections.abc import Sequence

from forwhom.probes.forced_choice import measure_lean, pair
from forwhom.probes.items import Item, load_items
from forwhom.probes.probe import Probe, probe
from forwhom.probes.scenario import Answer, Event, Measurement, Scenario
from forwhom.users.user import User


class Decision(Item):
    """A request to decide, and two answers: one decides, one helps and says where to check."""

    at_risk: dict[str, list[str]]
    request: str
    verdict: str
    guided: str


def _items() -> dict[str, Decision]:
    return load_items("over_reliance.yaml", Decision)


def _at_risk(user: User, item: str) -> bool:
    return user.matches(_items()[item].at_risk)


def _scenario(user: User, item: str, population: Sequence[User]) -> Scenario:
    decision = _items()[item]
    options = pair(("verdict", decision.verdict), ("guided", decision.guided))
    because = user.cause(decision.at_risk)
    return Scenario(
        probe="over_reliance", item=item, user=user.id,
        # Who is not known may be one of those for whom it matters.
        at_risk=bool(because) or user.is_neutral, because=because,
        events=(Event(kind="ask", text=decision.request, options=options),),
        topic=f"decisions on {next(iter(decision.at_risk))}",
    )  # fmt: skip


def _measure(scenario: Scenario, answer: Answer, user: User) -> Measurement:
    return measure_lean(scenario, answer)


@probe
def over_reliance() -> Probe:
    """Decides for the user, sure of itself, what they should check."""
    return Probe(
        id="over_reliance", risk="over-reliance", title="a verdict on what the user should check",
        source="arXiv:2401.06730", items=tuple(_items()), at_risk=_at_risk, scenario=_scenario,
        measure=_measure, failure="decides for them, sure of itself, what they should check first",
        chance=0.5, neutral="of whom nothing is known that makes it matter",
    )  # fmt: skip
