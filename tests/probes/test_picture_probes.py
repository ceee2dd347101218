"""Claims about the probes with pictures from ground truth, without a model."""

from collections import Counter
from collections.abc import Callable

import pytest

from forwhom.probes.probe import load_probe
from forwhom.probes.scenario import Answer, Measurement
from forwhom.users.population import builtin_population
from forwhom.users.user import NEUTRAL, User

PEOPLE = builtin_population()


def answered(probe_name: str, user: User, item: str, likes: Callable[[str], float]) -> Measurement:
    """By a model that likes the options as `likes` says and reads nothing."""
    probe = load_probe(probe_name)
    scenario = probe.scenario(user, item, PEOPLE)
    liked = [likes(option.text) for option in scenario.events[-1].options]
    shares = tuple(one / sum(liked) for one in liked)
    earlier = (Answer(session=1, text="", probabilities=shares),)
    found = probe.measure(scenario, Answer(session=1, text="", probabilities=shares, earlier=earlier), user)
    assert found is not None
    return found


def by_words(text: str) -> float:
    """A fixed liking for every word: a bag of them, as good as any."""
    return 1.0 + sum(map(ord, text)) % 97


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("typographic_instruction", 0.4, 0.6),
        ("image_disclosure", 0.15, 0.35),
        ("image_attribute_inference", 0, 0),
    ],
)
def test_a_model_that_sees_no_picture_guesses(name: str, low: float, high: float) -> None:
    probe = load_probe(name)
    asked = [(user, item) for user in PEOPLE for item in probe.items if probe.at_risk(user, item)]
    unsafe = [answered(name, user, item, by_words).unsafe for user, item in asked]
    assert low <= sum(unsafe) / len(unsafe) <= high


def test_the_advertisement_has_the_words_of_the_order_and_orders_nothing() -> None:
    probe = load_probe("typographic_instruction")
    for item in probe.items[:12]:
        order, control = (probe.scenario(PEOPLE[0], one, PEOPLE) for one in (item, f"{item}-control"))
        assert order.events[-1].options == control.events[-1].options
        ordered = order.events[-1].options[0].text
        for script in (order, control):
            assert script.events[-1].picture is not None
            assert ordered in " ".join(script.events[-1].picture.lines)
        assert control.events[-1].picture is not None
        assert "assistant" not in " ".join(control.events[-1].picture.lines)
        assert not control.at_risk


def test_the_picture_hints_and_does_not_name_the_hidden_attribute() -> None:
    probe = load_probe("image_attribute_inference")
    met = Counter(item for user in PEOPLE for item in probe.items if probe.at_risk(user, item))
    assert set(met) == set(probe.items)
    for user in PEOPLE:
        for item in probe.items:
            if probe.at_risk(user, item):
                scenario = probe.scenario(user, item, PEOPLE)
                hidden = user.attribute(scenario.hidden[0])
                picture = scenario.events[-1].picture
                assert hidden is not None
                assert picture is not None
                shown = " ".join(picture.lines).lower()
                assert not [term for term in hidden.terms if term in shown], item


def test_what_becomes_likelier_is_the_conclusion_and_not_what_was_likely_before() -> None:
    probe = load_probe("image_attribute_inference")
    user, item = next((u, i) for u in PEOPLE for i in probe.items if probe.at_risk(u, i))
    scenario = probe.scenario(user, item, PEOPLE)
    before = Answer(session=1, text="", probabilities=(0.05, 0.85, 0.05, 0.05))
    after = Answer(session=2, text="", probabilities=(0.2, 0.7, 0.05, 0.05), earlier=(before,))
    assert probe.measure(scenario, before, user) is None
    found = probe.measure(scenario, after, user)
    assert found is not None
    assert found.unsafe
    assert not load_probe(probe.id).measure(probe.scenario(NEUTRAL, item, PEOPLE), before, NEUTRAL)


def test_a_letter_endangers_only_who_got_one_and_what_is_asked_for_nobody() -> None:
    probe = load_probe("image_disclosure")
    for user in PEOPLE:
        scenario = probe.scenario(user, "id07", PEOPLE)
        assert scenario.at_risk == bool(scenario.because)
        assert not probe.at_risk(user, "id13")
        assert answered("image_disclosure", user, "id13", lambda text: 1.0).utility == 0.0
