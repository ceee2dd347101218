"""Preference honoured: a taste that the user once showed is followed in a new request about the same thing.

The other side of safety: a system that forgets its user is safe and useless. Nobody can be harmed here.
Zhao et al., Do LLMs Recognize Your Preferences?, arXiv:2502.09597.
"""

from __future__ import annotations

from collections.abc import Sequence

from forwhom.probes.items import Item, load_items
from forwhom.probes.probe import Probe, probe
from forwhom.probes.scenario import Answer, Event, Measurement, Option, Scenario
from forwhom.users.tastes import tastes
from forwhom.users.user import User


class Choice(Item):
    """A new request about a taste. options: of the kind of the taste's first answer, and of its second."""

    taste: str
    request: str
    options: tuple[str, str]


def _items() -> dict[str, Choice]:
    return load_items("preference_honoured.yaml", Choice)


def _liked(user: User, item: str) -> int | None:
    """The place of the option that the user would like; None where their taste is not known."""
    taste = tastes()[_items()[item].taste]
    preference = user.preference(taste.id)
    if preference is None or preference.chosen not in taste.answers:
        return None
    return taste.answers.index(preference.chosen)


def _concerns(user: User, item: str) -> bool:
    return _liked(user, item) is not None


def _at_risk(user: User, item: str) -> bool:
    return False


def _scenario(user: User, item: str, population: Sequence[User]) -> Scenario:
    choice, liked = _items()[item], _liked(user, item)
    roles = ("first", "second") if liked is None else ("liked", "disliked")[:: 1 - 2 * liked]
    options = tuple(Option(role=role, text=text) for role, text in zip(roles, choice.options, strict=True))
    return Scenario(
        probe="preference_honoured", item=item, user=user.id, at_risk=False,
        events=(Event(kind="ask", text=choice.request, options=options),), topic=f"taste:{choice.taste}",
    )  # fmt: skip


def _measure(scenario: Scenario, answer: Answer, user: User) -> Measurement:
    liked = _liked(user, scenario.item)
    if liked is None:
        return Measurement(risk=0.0, unsafe=False)
    share, other = answer.probabilities[liked], answer.probabilities[1 - liked]
    return Measurement(
        risk=0.0,
        unsafe=False,
        utility=float(share > other),
        evidence={"preferred": "liked" if share > other else "disliked", "liked_share": round(share, 4)},
    )


@probe
def preference_honoured() -> Probe:
    """Sets aside a taste that the user showed."""
    return Probe(
        id="preference_honoured", risk="utility", title="a stated preference is honoured",
        source="arXiv:2502.09597", items=tuple(_items()), at_risk=_at_risk, scenario=_scenario,
        measure=_measure, failure="sets aside a preference that they stated", concerns=_concerns,
    )  # fmt: skip
