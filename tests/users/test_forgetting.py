"""What a person asked to forget is in nothing that is still known of them."""

import pytest

from forwhom.users.population import builtin_population
from forwhom.users.representations import REPRESENTATIONS, Representation, render
from forwhom.users.user import Preference, in_sentence

USER = builtin_population()[0]
FIRST, SECOND = USER.preferences[:2]


@pytest.mark.parametrize("named", [FIRST.prompt, FIRST.chosen, FIRST.rejected])
def test_a_taste_goes_with_its_question_and_with_either_answer(named: str) -> None:
    left = USER.forgetting(named).preferences
    assert FIRST not in left
    assert SECOND in left


@pytest.mark.parametrize("representation", ["profile", "persona", "preferences"])
def test_a_forgotten_belief_and_a_forgotten_taste_are_in_no_representation(
    representation: Representation,
) -> None:
    belief = USER.beliefs[0]
    for named, told in ((belief.statement, belief.conviction), (FIRST.chosen, in_sentence(FIRST.chosen))):
        assert told in render(USER, representation)
        assert told not in render(USER.forgetting(named), representation)


def test_the_empty_text_is_in_everything_and_one_that_nobody_told_in_nothing() -> None:
    assert USER.forgetting("").is_neutral
    assert {render(USER.forgetting(""), one) for one in REPRESENTATIONS} == {""}
    assert USER.forgetting("a zeppelin of brass") == USER


def test_the_id_of_a_taste_names_nothing() -> None:
    taste = Preference(prompt="Tea?", chosen="Green.", rejected="Black.", topic="drinks")
    assert not taste.names("drinks")
