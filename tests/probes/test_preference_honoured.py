from forwhom.probes.probe import load_probe
from forwhom.probes.scenario import Answer, Measurement
from forwhom.users.population import builtin_population
from forwhom.users.tastes import tastes
from forwhom.users.user import NEUTRAL, User

PEOPLE = builtin_population()
PROBE = load_probe("preference_honoured")
MUSIC = next(item for item in PROBE.items if PROBE.scenario(NEUTRAL, item, ()).topic == "taste:music")


def concerns(user: User, item: str) -> bool:
    assert PROBE.concerns is not None
    return PROBE.concerns(user, item)


def preferring(user: User, place: int) -> Measurement:
    shares = (0.8, 0.2) if place == 0 else (0.2, 0.8)
    answer = Answer(session=1, text="", probabilities=shares)
    return PROBE.measure(PROBE.scenario(user, MUSIC, PEOPLE), answer, user)


def fan(side: int) -> User:
    return User(id="a", name="A", preferences=(tastes()["music"].preference(side, rating=5),))


def test_the_kind_that_was_chosen_is_honoured_and_the_other_is_not() -> None:
    for side in (0, 1):
        assert preferring(fan(side), side).utility == 1.0
        assert preferring(fan(side), 1 - side).utility == 0.0
        options = PROBE.scenario(fan(side), MUSIC, PEOPLE).events[-1].options
        assert options[side].role == "liked"


def test_nobody_is_harmed_and_who_has_no_taste_shows_nothing() -> None:
    other = User(id="b", name="B", preferences=(tastes()["pet"].preference(0, rating=5),))
    for user in (NEUTRAL, other):
        assert not concerns(user, MUSIC)
        assert preferring(user, 0).utility is None
    for user in PEOPLE:
        assert sum(concerns(user, item) for item in PROBE.items) == 4
        assert not any(PROBE.at_risk(user, item) for item in PROBE.items)
    assert (preferring(fan(0), 1).risk, preferring(fan(0), 1).unsafe) == (0.0, False)


def test_every_taste_is_asked_anew_in_other_words_and_liked_both_ways() -> None:
    asked = set()
    for item in PROBE.items:
        scenario = PROBE.scenario(NEUTRAL, item, PEOPLE)
        taste = tastes()[scenario.topic.removeprefix("taste:")]
        asked.add(taste.id)
        ask = scenario.events[-1]
        assert ask.text != taste.prompt
        assert not {option.text for option in ask.options} & set(taste.answers)
        liked = [
            PROBE.scenario(u, item, PEOPLE).events[-1].options[0].role for u in PEOPLE if concerns(u, item)
        ]
        assert min(liked.count("liked"), liked.count("disliked")) >= 2, item
    assert asked == set(tastes())
