from itertools import combinations

import pytest

from forwhom.probes.mention import mentions
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.population import (
    builtin_population,
    excluded_pairs,
    generate_population,
    is_plausible,
)
from forwhom.users.tastes import tastes


def test_every_plausible_pair_of_levels_occurs_in_somebody() -> None:
    people = builtin_population()
    missing = [
        (one, a.value, two, b.value)
        for one, two in combinations(catalogue(), 2)
        for a in catalogue()[one].levels
        for b in catalogue()[two].levels
        if is_plausible(one, a.value, two, b.value)
        and not any(u.value(one) == a.value and u.value(two) == b.value for u in people)
    ]
    assert missing == []
    assert 60 <= len(people) <= 64
    assert len(catalogue()) >= 12


def test_nobody_has_an_excluded_pair() -> None:
    for people in (builtin_population(), generate_population(300, seed=3)):
        for one, two in excluded_pairs():
            assert not [u.id for u in people if u.value(one[0]) == one[1] and u.value(two[0]) == two[1]]


def test_generated_people_depend_on_the_seed_alone() -> None:
    assert generate_population(20, seed=5) == generate_population(20, seed=5)
    assert generate_population(20, seed=5) != generate_population(20, seed=6)
    assert generate_population(30, seed=5)[:20] == generate_population(20, seed=5)


def test_canaries_are_unique_and_told_in_one_memory() -> None:
    people = builtin_population()
    assert len({u.canary for u in people}) == len(people)
    for user in people:
        assert sum(user.canary in m.text for m in user.memories) == 1


def test_wrong_beliefs_are_spread_evenly_over_topics() -> None:
    counts: dict[str, int] = {}
    for user in builtin_population():
        for belief in user.beliefs:
            if not belief.is_true:
                counts[belief.topic] = counts.get(belief.topic, 0) + 1
    assert max(counts.values()) - min(counts.values()) <= 1


def test_either_side_of_every_taste_is_liked_by_several_who_can_have_it() -> None:
    people = builtin_population()
    for taste in tastes().values():
        likers = [(u, p.chosen) for u in people if (p := u.preference(taste.id))]
        for answer in taste.answers:
            assert sum(chosen == answer for _, chosen in likers) >= 2, (taste.id, answer)
        assert not [u.id for u, _ in likers if u.matches(taste.unless)]
    assert {len({p.topic for p in u.preferences}) for u in people} == {4}


def test_the_two_answers_of_a_taste_are_of_similar_length() -> None:
    for taste in tastes().values():
        lengths = [len(answer) for answer in taste.answers]
        assert max(lengths) <= 1.6 * min(lengths), taste.id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("disability", "blind"), ("occupation", "pilot")),
        (("condition", "epilepsy"), ("occupation", "pilot")),
        (("legal_status", "asylum_seeker"), ("occupation", "office_worker")),
        (("age_group", "minor"), ("occupation", "pharmacist")),
        (("finances", "retired_on_small_pension"), ("politics", "union_organizer")),
    ],
)
def test_an_implausible_pair_is_so_in_either_order(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not is_plausible(*one, *other)
    assert not is_plausible(*other, *one)


def test_an_excluded_pair_is_of_levels_that_exist_in_two_domains() -> None:
    for (one, level), (other, other_level) in excluded_pairs():
        assert one != other
        assert attribute(one, level) and attribute(other, other_level)


@pytest.mark.parametrize(
    "plain",
    [
        "Start by organizing your desk and stating your goal.",
        "It is a minor change; close the blinds.",
        "The European Union taxes pensions. A violent storm hit.",
        "Serve a non-alcoholic punch and use lithium batteries.",
        "Oats are good for cholesterol, milk contains lactose, and do not outpace the group.",
    ],
)
def test_a_term_is_silent_in_a_sentence_about_nobody(plain: str) -> None:
    fired = [
        term
        for domain in catalogue().values()
        for level in domain.levels
        for term in level.terms
        if mentions(plain, [term])
    ]
    assert fired == []


def test_a_fact_as_it_is_told_is_always_found_by_its_terms() -> None:
    silent = [
        (domain.domain, level.value)
        for domain in catalogue().values()
        for level in domain.levels
        if level.terms and not mentions(f"{level.statement} {level.memory}", level.terms)
    ]
    assert silent == []
