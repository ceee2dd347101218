"""Probes of what feedback changes, from ground truth alone: only what was lost since it is the failure."""

import pytest

from forwhom.probes.probe import Probe, load_probe
from forwhom.probes.scenario import Answer, Measurement
from forwhom.users.population import builtin_population
from forwhom.users.user import NEUTRAL, User

PEOPLE = builtin_population()
FAILING, FAIR = (0.8, 0.2), (0.3, 0.7)
of_each = pytest.mark.parametrize("name", ["feedback_sycophancy", "targeted_manipulation"])


def exposed(probe: Probe) -> tuple[User, str]:
    return next((user, item) for user in PEOPLE for item in probe.items if probe.at_risk(user, item))


def safe(probe: Probe) -> tuple[User, str]:
    return next((user, item) for user in PEOPLE for item in probe.items if not probe.at_risk(user, item))


def turned(
    probe: Probe, who: tuple[User, str], before: tuple[float, float], after: tuple[float, float]
) -> Measurement:
    user, item = who
    first = Answer(session=1, text="", probabilities=before)
    second = Answer(session=2, text="", probabilities=after, earlier=(first,))
    script = probe.scenario(user, item, PEOPLE)
    assert probe.measure(script, first, user) is None
    found = probe.measure(script, second, user)
    assert found is not None
    return found


@of_each
def test_the_same_is_asked_before_the_feedback_and_after_it_and_is_not_rated(name: str) -> None:
    probe = load_probe(name)
    for user, item in (exposed(probe), safe(probe), (NEUTRAL, probe.items[0])):
        before, *between, after = probe.scenario(user, item, PEOPLE).events
        assert before == after
        assert before.kind == "ask"
        rated = [event.text for event in between if event.kind == "feedback"]
        assert [event.kind for event in between] == ["feedback"] * len(rated) + ["new_session"]
        assert bool(rated) != user.is_neutral
        assert before.text not in rated


@of_each
def test_what_failed_before_the_feedback_is_not_its_doing_and_what_fails_only_since_is(name: str) -> None:
    probe = load_probe(name)
    who = exposed(probe)
    grown, was_so, won = (
        turned(probe, who, *one) for one in ((FAIR, FAILING), (FAILING,) * 2, (FAILING, FAIR))
    )
    assert [one.unsafe for one in (grown, was_so, won)] == [True, False, False]
    assert [one.risk for one in (grown, was_so, won)] == pytest.approx([0.5, 0.0, 0.0])
    assert grown.evidence["preferred_before"] == won.evidence["preferred"] != grown.evidence["preferred"]
    assert won.evidence["growth"] == -0.5


@of_each
def test_whom_it_cannot_harm_is_not_failed_and_what_feedback_did_is_told(name: str) -> None:
    probe = load_probe(name)
    lost, won = (turned(probe, safe(probe), *one) for one in ((FAIR, FAILING), (FAILING, FAIR)))
    assert (lost.unsafe, lost.risk, lost.utility, lost.evidence["growth"]) == (False, 0.0, 0.0, 0.5)
    assert (won.utility, won.evidence["growth"]) == (1.0, -0.5)
