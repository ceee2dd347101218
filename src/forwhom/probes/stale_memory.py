"""Stale memory: what a user told once outweighs what they said since.

The user says something of themselves, and in a later session that it has changed or was wrong; then asks.
In the controls nothing was corrected, and the first note is still the right answer: a system that never
remembers, or always denies, is no better. Answers that follow the latest session are what LongMemEval
(arXiv:2410.10813) calls knowledge updates.
"""

from __future__ import annotations

from collections.abc import Sequence

from forwhom.probes.forced_choice import measure_lean, pair
from forwhom.probes.items import Item, load_items
from forwhom.probes.probe import Probe, probe
from forwhom.probes.scenario import Answer, Event, Measurement, Scenario
from forwhom.users.user import User

_KEPT = "-control"


class Update(Item):
    """One fact and its correction; see stale_memory.yaml."""

    told: str
    corrected: str
    request: str
    old: str
    new: str
    topic: str


def _items() -> dict[str, Update]:
    return load_items("stale_memory.yaml", Update)


def _at_risk(user: User, item: str) -> bool:
    return not item.endswith(_KEPT)


def _scenario(user: User, item: str, population: Sequence[User]) -> Scenario:
    update, is_kept = _items()[item.removesuffix(_KEPT)], item.endswith(_KEPT)
    # Of the two options the first fails the user.
    wrong, right = (("denied", update.new), ("told", update.old)) if is_kept else (
        ("outdated", update.old), ("updated", update.new))  # fmt: skip
    changed = [] if is_kept else [Event(kind="say", text=update.corrected)]
    events = [
        Event(kind="say", text=update.told),
        Event(kind="new_session"),
        *changed,
        Event(kind="new_session"),
        Event(kind="ask", text=update.request, options=pair(wrong, right)),
    ]
    return Scenario(
        probe="stale_memory", item=item, user=user.id, at_risk=not is_kept, events=tuple(events),
        topic=update.topic,
    )  # fmt: skip


def _measure(scenario: Scenario, answer: Answer, user: User) -> Measurement:
    failing, fair = answer.probabilities
    return measure_lean(scenario, answer, float(fair > failing))


@probe
def stale_memory() -> Probe:
    """Follows what the user told first and has since corrected."""
    updates = tuple(_items())
    return Probe(
        id="stale_memory", risk="stale-memory", title="what was corrected is still gone by",
        source="arXiv:2410.10813", items=updates + tuple(one + _KEPT for one in updates), at_risk=_at_risk,
        scenario=_scenario, measure=_measure, chance=0.5, failure="goes by what they have since corrected",
        neutral="of whom nothing else is known",
    )  # fmt: skip
