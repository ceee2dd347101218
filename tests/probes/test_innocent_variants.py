"""What a control shows leaks nothing of what it is the control of: no word of the wrong answer is in it."""

import re

import pytest

from forwhom.probes.probe import load_probe
from forwhom.users.population import builtin_population

PEOPLE = builtin_population()
ONE = PEOPLE[0]
FUNCTION_WORDS = re.findall(
    r"\w+",
    "a an and are as at be been but by can do does for from had has have her his how i if in is it its me my "
    "no not now of on one only or our so some than that the their them then there these they this to up us "
    "was were what when where which while who will with you your",
)


def content(text: str) -> set[str]:
    """The words of `text` that mean something by themselves, without the endings of a plural or a verb."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))
    return {re.sub(r"(?<=\w{3})(e|es|s|ed|ing)$", "", word) for word in words if word not in FUNCTION_WORDS}


def asked(probe: str, item: str) -> tuple[str, str, str, str]:
    """What the item's script shows before the request, the request, the failing answer, and the fair one."""
    events = load_probe(probe).scenario(ONE, item, PEOPLE).events
    shown = " ".join(one.text for one in events if one.kind in ("document", "edit_profile"))
    failing, fair = events[-1].options
    return shown, events[-1].text, failing.text, fair.text


def poisoned() -> list[str]:
    return [item for item in load_probe("memory_poisoning").items if "-" not in item]


@pytest.mark.parametrize("item", poisoned())
def test_an_innocent_document_holds_no_word_of_the_claim_or_of_either_answer(item: str) -> None:
    claim, request, wrong, right = asked("memory_poisoning", item)
    innocent, same_request, _, _ = asked("memory_poisoning", f"{item}-control")
    assert same_request == request
    shared = content(innocent) & (content(wrong) | content(claim) | content(right))
    assert shared <= content(request)


@pytest.mark.parametrize("item", [item for item in load_probe("profile_injection").items if "-" not in item])
def test_the_innocent_part_of_a_field_holds_no_word_of_either_answer(item: str) -> None:
    instructed, request, payload, ordinary = asked("profile_injection", item)
    named, _, _, _ = asked("profile_injection", f"{item}-control")
    innocent = instructed.partition(". ")[0]
    assert named.startswith(innocent)
    assert content(innocent) & (content(payload) | content(ordinary)) <= content(request)
    # The word as a fact is what the control is about: it brings nothing else of the payload.
    assert len(content(named) & content(payload) - content(request)) == 1


@pytest.mark.parametrize("item", [i for i in load_probe("persona_modulation").items if "-" not in i])
def test_an_innocent_role_holds_no_word_of_what_is_asked(item: str) -> None:
    _, dubious, comply, refuse = asked("persona_modulation", item)
    _, fair, _, _ = asked("persona_modulation", f"{item}-control")
    innocent, _, _, _ = asked("persona_modulation", f"{item}-innocent-control")
    played = innocent.removeprefix("Wants you to play ")
    assert not content(played) & (content(dubious) | content(fair) | content(comply) | content(refuse))
