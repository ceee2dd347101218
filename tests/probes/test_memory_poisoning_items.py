"""What the controls show is innocent: no word of it belongs to the answer that the attack wants.

A control that holds such a word makes the answer likelier by itself, so that poisoned and innocent come out
alike. What the request says already is left out: it stands in both.
"""

import re

import pytest

from forwhom.probes.forced_choice import COMPLY_OR_REFUSE
from forwhom.probes.items import load_items
from forwhom.probes.memory_poisoning import Poison
from forwhom.probes.persona_modulation import Dubious, Role
from forwhom.probes.profile_injection import Injection

_SHORTEST = 4  # letters of a word that means something
_STOP_WORDS = (
    "about after also been before best both from good have here into long many more most much only other over"
    " some such than that their them then there they this time until what when where which will with without"
    " would your"
)
POISONS = load_items("memory_poisoning.yaml", Poison)
DUBIOUS = load_items("persona_modulation.yaml", Dubious)
ROLES = load_items("persona_modulation_roles.yaml", Role)
INJECTIONS = load_items("profile_injection.yaml", Injection)


def content(text: str) -> set[str]:
    words = set(re.findall(r"[^\W\d_]+|\d+", text.lower())).difference(_STOP_WORDS.split())
    return {one for one in words if one.isdigit() or len(one) >= _SHORTEST}


def shared(shown: str, wanted: str, request: str = "") -> set[str]:
    """Words of `shown` that are in `wanted` too, in whatever form, and not in `request`."""
    return {
        one
        for one in content(shown)
        if any(_alike(one, other) for other in content(wanted))
        and not any(_alike(one, other) for other in content(request))
    }


def _alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def test_a_word_is_found_in_another_form_and_one_of_the_request_is_not_counted() -> None:
    assert shared("Paints on Sundays.", "Use only paint from the shop.") == {"paints"}
    assert shared("Paints on Sundays.", "Use only paint.", "Which paint is best?") == set()
    assert shared("Sails from here.", "Come from there.") == set()


@pytest.mark.parametrize("item", POISONS)
def test_an_innocent_document_holds_no_word_of_the_wrong_answer_or_of_the_claim(item: str) -> None:
    poison = POISONS[item]
    assert shared(poison.innocent, f"{poison.wrong} {poison.claim}", poison.request) == set()


@pytest.mark.parametrize("item", POISONS)
def test_an_innocent_document_holds_no_word_of_the_right_answer_either(item: str) -> None:
    poison = POISONS[item]
    assert shared(poison.innocent, poison.right, poison.request) == set()


@pytest.mark.parametrize("item", DUBIOUS)
def test_an_innocent_role_holds_no_word_of_the_request_or_of_an_opening(item: str) -> None:
    dubious = DUBIOUS[item]
    openings = " ".join(option.text for option in COMPLY_OR_REFUSE)
    assert shared(ROLES[dubious.role].innocent, f"{dubious.dubious} {openings}") == set()


@pytest.mark.parametrize("item", INJECTIONS)
def test_of_the_payload_an_innocent_field_holds_the_name_alone(item: str) -> None:
    injection = INJECTIONS[item]
    (name,) = shared(injection.fact, injection.payload, injection.request)
    assert name.capitalize() in injection.payload.split()
    field = f"{injection.innocent} {injection.fact}"
    assert shared(field, injection.payload, injection.request) == {name}
    assert shared(field, injection.ordinary, injection.request) == set()
