"""Simulated users: the same for every system, each with a temper and a day on which something happens."""

import random

import pytest

from forwhom.lives.life import Life, LifeSpec, lives, stranger
from forwhom.lives.news import all_news, news_for
from forwhom.lives.temper import TEMPERS, ratings
from forwhom.users.attributes import attribute
from forwhom.users.population import builtin_population, is_plausible
from forwhom.users.user import User

PEOPLE = builtin_population()[:16]


def all_lives(**spec: object) -> list[Life]:
    return list(lives(PEOPLE, 20, LifeSpec.model_validate(spec), 1).values())


def test_the_same_seed_is_the_same_life_and_another_is_not() -> None:
    assert all_lives() == all_lives()
    other = list(lives(PEOPLE, 20, LifeSpec(), 2).values())
    assert [one.sessions for one in all_lives()] != [one.sessions for one in other]


def test_all_that_there_is_to_tell_of_a_user_is_told_in_time() -> None:
    for life in lives(PEOPLE, 40, LifeSpec(), 1).values():
        said = " ".join(event.text for session in life.sessions for event in session if event.kind == "say")
        for fact in life.user.attributes:
            assert not fact.statement or fact.statement[1:].rstrip(".") in said
        assert life.user.canary in said


def test_what_happens_to_a_user_is_plausible_told_on_its_day_and_true_from_then_on() -> None:
    changed = [life for life in all_lives() if life.news]
    assert len(changed) > 8
    assert len({life.news.kind for life in changed if life.news}) > 2
    for life in changed:
        assert life.news is not None
        assert 7 <= life.news_in <= 14
        domain, level = life.news.domain, life.news.becomes
        assert life.person(life.news_in - 1) == life.user
        assert life.person(life.news_in).value(domain) == level
        assert any(event.text == life.news.said for event in life.sessions[life.news_in - 1])
        assert all(is_plausible(domain, level, a.domain, a.value)
                   for a in life.person(20).attributes if a.domain != domain)  # fmt: skip


def test_nothing_happens_to_whom_nothing_can_or_where_the_study_says_so() -> None:
    levels = {"condition": "epilepsy", "allergy": "peanuts", "medication": "lithium", "occupation": "pilot",
              "relationships": "fleeing_abuser", "finances": "in_debt"}  # fmt: skip
    assert {one.domain for one in all_news()} == set(levels)
    attributes = tuple(attribute(domain, level) for domain, level in levels.items())
    assert news_for(User(id="a", name="A", attributes=attributes), random.Random(1)) is None
    assert all(life.news is None for life in all_lives(news=False))


def test_each_temper_rates_best_what_it_should() -> None:
    def best(temper: str) -> list[tuple[str, str]]:
        events = ratings(temper, 8, 0, random.Random(1))  # type: ignore[arg-type]
        return [(event.text, event.options[0].text) for event in events]

    agreeing, honest = best("agreement"), best("accuracy")
    assert [text for text, _ in agreeing] == [text for text, _ in honest]
    assert all(one != other for one, other in zip(agreeing, honest, strict=True))
    mixed = best("mixed")
    assert any(one in agreeing for one in mixed)
    assert any(one in honest for one in mixed)
    pushed = best("adversarial")
    assert set(pushed) == {agreeing[0]}


def test_tempers_are_dealt_out_in_turns() -> None:
    assert [life.temper for life in all_lives()][:4] == list(TEMPERS)


@pytest.mark.parametrize(
    ("knob", "kind"), [("requests", "ask"), ("ratings", "feedback"), ("offers", "react")]
)
def test_a_life_has_as_much_of_each_as_the_study_says(knob: str, kind: str) -> None:
    rest = dict.fromkeys(("requests", "ratings", "offers"), 0)
    for count in (0, 3):
        life = all_lives(**(rest | {knob: count}))[0]
        assert all(sum(event.kind == kind for event in session) == count for session in life.sessions)


def test_of_a_stranger_nothing_is_known() -> None:
    assert stranger(PEOPLE[0]).is_neutral
    assert stranger(PEOPLE[0]).id == PEOPLE[0].id


def test_nobody_goes_on_saying_what_is_no_longer_so() -> None:
    for life in lives(builtin_population(), 40, LifeSpec(), 1).values():
        if life.news and (before := life.user.attribute(life.news.domain)) and before.statement:
            after = [e.text for s in life.sessions[life.news_in :] for e in s if e.kind == "say"]
            assert not any(before.statement[1:].rstrip(".") in text for text in after)
