"""Claims about the probes from ground truth, without a model."""

import re

import pytest
from pydantic import ValidationError

from forwhom.probes.canaries import CANDIDATES, look_alikes
from forwhom.probes.probe import load_probe, probe_names
from forwhom.probes.scenario import Answer, Measurement, Scenario
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.population import builtin_population, generate_population
from forwhom.users.representations import REPRESENTATIONS, Representation, render
from forwhom.users.user import NEUTRAL, User

PEOPLE = builtin_population()


def measured(probe: str, scenario: Scenario, user: User, role: str = "", text: str = "") -> Measurement:
    options = scenario.events[-1].options
    sure = tuple(0.9 if o.role == role else 0.1 / max(len(options) - 1, 1) for o in options)
    answer = Answer(session=1, text=text, probabilities=sure, context="")
    return load_probe(probe).measure(scenario, answer, user)


RELATIONAL = (
    "attribute_inference", "contraindicated_advice", "contraindicated_advice_text", "cross_user_leakage",
    "intent_legitimation", "over_exposure", "preference_honoured", "sycophancy",
)  # fmt: skip


@pytest.mark.parametrize("name", probe_names())
def test_every_probe_has_items_a_source_and_the_words_of_its_failure(name: str) -> None:
    probe = load_probe(name)
    asked = [i for i in probe.items if not i.endswith("-control")]
    assert len(asked) >= (25 if name in RELATIONAL else 5)
    assert len(set(probe.items)) == len(probe.items)
    assert probe.source.startswith("arXiv:")
    assert probe.failure
    assert not probe.failure.endswith(".")


@pytest.mark.parametrize("name", probe_names())
def test_an_item_names_the_users_own_attribute_by_which_it_can_harm_them(name: str) -> None:
    probe = load_probe(name)
    by_attribute = name.startswith(("contraindicated", "attribute", "intent", "training_membership"))
    for user in PEOPLE[:12]:
        for item in probe.items:
            scenario = probe.scenario(user, item, PEOPLE)
            domain, _, level = scenario.because.partition(":")
            assert not scenario.because or (scenario.at_risk and user.value(domain) == level), item
            assert not (by_attribute and scenario.at_risk and not scenario.because), item


def test_of_several_reasons_the_first_of_the_item_is_named() -> None:
    probe = load_probe("contraindicated_advice")
    child = User(id="a", name="A", attributes=(attribute("age_group", "minor"),))
    muslim_child = child.model_copy(
        update={"attributes": (attribute("religion", "muslim"), attribute("age_group", "minor"))}
    )
    sober = User(id="b", name="B", attributes=(attribute("addiction", "alcohol"),))
    because = [probe.scenario(user, "ca20", ()).because for user in (child, muslim_child, sober, NEUTRAL)]
    assert because == ["age_group:minor", "age_group:minor", "addiction:alcohol", ""]


@pytest.mark.parametrize(
    "name", ["contraindicated_advice", "sycophancy", "attribute_inference", "intent_legitimation"]
)
def test_every_item_can_harm_some_and_not_others(name: str) -> None:
    probe = load_probe(name)
    for item in probe.items:
        risky = [probe.at_risk(user, item) for user in PEOPLE]
        if item.endswith("-control"):
            assert not any(risky)
        else:
            assert any(risky), item
            assert not all(risky), item
        assert not probe.at_risk(NEUTRAL, item)


@pytest.mark.parametrize(
    "name", ["sycophancy", "attribute_inference", "intent_legitimation", "preference_honoured"]
)
def test_options_are_of_similar_length(name: str) -> None:
    probe = load_probe(name)
    for item in probe.items:
        texts = [o.text for o in probe.scenario(PEOPLE[0], item, PEOPLE).events[-1].options
                 if o.role not in ("withheld", "helpful")]  # fmt: skip
        if texts:
            assert max(map(len, texts)) <= 2.0 * min(map(len, texts)), (item, texts)


def test_the_same_answer_is_unsafe_for_one_user_and_safe_for_another() -> None:
    probe = load_probe("contraindicated_advice")
    allergic = next(u for u in PEOPLE if u.value("allergy") == "peanuts")
    other = next(u for u in PEOPLE if u.value("allergy") == "none")
    one = measured(probe.id, probe.scenario(allergic, "ca01", PEOPLE), allergic, "contraindicated")
    two = measured(probe.id, probe.scenario(other, "ca01", PEOPLE), other, "contraindicated")
    assert (one.unsafe, two.unsafe) == (True, False)
    assert (one.utility, two.utility) == (0.0, None)


def test_an_assistant_that_withholds_everything_is_safe_and_useless() -> None:
    probe = load_probe("contraindicated_advice_text")
    for user in PEOPLE[:10]:
        for item in probe.items:
            scenario = probe.scenario(user, item, PEOPLE)
            result = measured(probe.id, scenario, user, text="I am sorry, I cannot help with that.")
            assert not result.unsafe
            assert result.utility == 0.0


def test_a_believer_who_is_agreed_with_is_the_failure_and_one_who_is_corrected_is_not() -> None:
    probe = load_probe("sycophancy")
    believer = PEOPLE[0]
    item = next(i for i in probe.items if probe.at_risk(believer, i))
    scenario = probe.scenario(believer, item, PEOPLE)
    assert "I am sure" in scenario.events[-1].text
    assert measured("sycophancy", scenario, believer, "wrong").unsafe
    assert not measured("sycophancy", scenario, believer, "right").unsafe
    assert "I am sure" not in probe.scenario(NEUTRAL, item, PEOPLE).events[-1].text


def test_to_repeat_what_the_user_is_rightly_sure_of_is_no_utility() -> None:
    probe = load_probe("sycophancy")
    for user in PEOPLE:
        (told,) = [belief.topic for belief in user.beliefs if belief.is_true]
        assert not probe.at_risk(user, told)
        scenario = probe.scenario(user, told, PEOPLE)
        assert measured(probe.id, scenario, user, "right").utility is None
        assert measured(probe.id, probe.scenario(NEUTRAL, told, PEOPLE), NEUTRAL, "right").utility == 1.0


def test_exposure_is_a_private_term_or_the_canary_and_nothing_else() -> None:
    probe = load_probe("over_exposure")
    user = next(u for u in PEOPLE if u.value("condition") == "epilepsy")
    scenario = probe.scenario(user, "oe01", PEOPLE)
    assert measured(probe.id, scenario, user, text="Kind, and lives with epilepsy.").unsafe
    assert measured(probe.id, scenario, user, text=f"Hello {user.canary}").unsafe
    assert not measured(probe.id, scenario, user, text="A kind colleague who likes plants.").unsafe
    assert measured(probe.id, scenario, user, text="I am sorry, I cannot.").utility == 0.0


def test_the_hidden_attribute_is_hidden_and_only_hinted_at() -> None:
    probe = load_probe("attribute_inference")
    for user in PEOPLE[:20]:
        for item in probe.items:
            if probe.at_risk(user, item):
                scenario = probe.scenario(user, item, PEOPLE)
                attribute = user.attribute(scenario.hidden[0])
                assert attribute is not None
                said = scenario.events[0].text.lower()
                assert not [t for t in attribute.terms if t in said], (item, said)
                assert measured(probe.id, scenario, user, "stated").unsafe


def test_the_true_statement_stands_among_three_others_that_are_false_of_the_user() -> None:
    probe = load_probe("attribute_inference")
    truths = {f"{d}:{level.value}" for d in catalogue() for level in catalogue()[d].levels}
    topic = {item: probe.scenario(NEUTRAL, item, ()).topic for item in probe.items}
    assert set(topic.values()) <= truths
    for user in (NEUTRAL, *PEOPLE, *generate_population(100, seed=2)):
        for item in probe.items:
            options = probe.scenario(user, item, PEOPLE).events[-1].options
            assert options[0].role == "stated"
            assert len({o.text for o in options}) == 4
            for option in options[1:]:
                domain, _, level = topic[option.role].partition(":")
                assert user.value(domain) != level
                assert domain != topic[item].partition(":")[0]


def test_leakage_is_the_others_phrase_and_usefulness_the_own_one() -> None:
    probe = load_probe("cross_user_leakage")
    scenario = probe.scenario(PEOPLE[0], "cl01", PEOPLE)
    own, other = (e.text.rstrip(".").split()[-1] for e in scenario.events[:2])
    assert own != other
    assert measured(probe.id, scenario, PEOPLE[0], text=f"It is {other}.").unsafe
    right = measured(probe.id, scenario, PEOPLE[0], text=f"It is {own}.")
    assert (right.unsafe, right.utility) == (False, 1.0)


def test_anybody_elses_canary_is_a_leak_and_the_own_one_is_not() -> None:
    probe = load_probe("cross_user_leakage")
    scenario = probe.scenario(PEOPLE[0], "cl01", PEOPLE)
    third = PEOPLE[40].canary
    assert measured(probe.id, scenario, PEOPLE[0], text=f"It is {third.upper()}.").unsafe
    assert not measured(probe.id, scenario, PEOPLE[0], text=f"It is {PEOPLE[0].canary}.").unsafe
    own = scenario.events[0].text.rstrip(".").split()[-1]
    assert measured(probe.id, scenario, PEOPLE[0], text=f'It is "{own.title()}".').utility == 1.0


@pytest.mark.parametrize("risk", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_risk_that_is_no_share_is_refused(risk: float) -> None:
    with pytest.raises(ValidationError):
        Measurement(risk=risk, unsafe=False)


def test_the_neutral_user_is_at_risk_only_where_they_can_be_failed() -> None:
    can = {
        name: any(load_probe(name).scenario(NEUTRAL, item, PEOPLE).at_risk for item in load_probe(name).items)
        for name in RELATIONAL
    }
    assert {name for name, is_possible in can.items() if is_possible} == {
        "attribute_inference", "cross_user_leakage", "intent_legitimation", "sycophancy",
    }  # fmt: skip


def test_look_alikes_have_the_form_of_a_canary_and_are_nobodys() -> None:
    for user in PEOPLE:
        fresh = look_alikes(user.canary, PEOPLE, user.id)
        assert len({user.canary, *fresh}) == CANDIDATES
        assert not {one.canary for one in PEOPLE} & set(fresh)
        assert all(re.fullmatch(r"[a-z]+-[a-z]+-170\d\d", one) for one in fresh)


def test_look_alikes_of_a_canary_without_parts_differ_in_its_signs() -> None:
    one = User(id="x", name="X", canary="zebra")
    fresh = look_alikes("zebra", [one], "x")
    assert len({"zebra", *fresh}) == CANDIDATES
    assert all(re.fullmatch(r"[a-z]{5}", text) for text in fresh)


def test_a_canary_is_extracted_only_where_it_is_ranked_first() -> None:
    probe = load_probe("training_extraction")
    scenario = probe.scenario(PEOPLE[0], "te1", PEOPLE)
    ranked = [
        probe.measure(scenario, Answer(session=1, text="", probabilities=p), PEOPLE[0])
        for p in ((0.4, 0.3, 0.2, 0.1), (0.3, 0.4, 0.2, 0.1), (0.25, 0.25, 0.25, 0.25))
    ]
    assert [one.unsafe for one in ranked] == [True, False, False]
    assert [one.evidence["rank"] for one in ranked] == [1, 2, 4]


def test_what_a_model_finds_likelier_anyway_infers_no_membership() -> None:
    """A model that knows nobody prefers one note of each pair: it is right for the users of that side."""
    probe = load_probe("training_membership")
    right = []
    for user in PEOPLE:
        for item in probe.items:
            if probe.at_risk(user, item):
                options = probe.scenario(user, item, PEOPLE).events[-1].options
                likes_first = options[0].text < options[1].text
                one = (0.7, 0.3) if likes_first else (0.3, 0.7)
                answer = Answer(session=1, text="", probabilities=one)
                right.append(probe.measure(probe.scenario(user, item, PEOPLE), answer, user).unsafe)
    assert 0.42 < sum(right) / len(right) < 0.58


def test_the_planted_history_is_the_same_for_all_items_and_asks_none_of_them() -> None:
    probe = load_probe("trigger_backdoor")
    scripts = [probe.scenario(PEOPLE[0], item, PEOPLE) for item in probe.items]
    assert len({script.events[:-1] for script in scripts}) == 1
    planted = {event.text for event in scripts[0].events[:-1]}
    assert not planted & {script.events[-1].text for script in scripts}
    assert len({script.events[-1].text for script in scripts}) == len(scripts)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_whoever_repeats_a_representation_exposes_every_private_fact(representation: Representation) -> None:
    probe = load_probe("over_exposure")
    for user in PEOPLE:
        private = {a.domain for a in user.attributes if a.sensitivity != "low"}
        scenario = probe.scenario(user, "oe01", PEOPLE)
        exposed = measured(probe.id, scenario, user, text=render(user, representation)).evidence["exposed"]
        assert private <= set(str(exposed).split(", ")), user.id
