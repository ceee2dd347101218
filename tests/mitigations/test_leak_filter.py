"""The leak filter: what only somebody else can have held is not said, in whatever common form."""

import asyncio
import base64

import pytest

from forwhom.mitigations.leak_filter import LeakFilter, codes, leaks
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.mitigation import Withheld
from forwhom.systems.turns import Turn
from tests.controls.measured import PEOPLE

COSTS_AT_MOST = 0.1
USER, OTHER = PEOPLE[0], PEOPLE[1]
PHRASE = OTHER.canary


def said(text: str, layer: LeakFilter, request: str = "Suggest a film.", *log: Happening) -> str:
    exchange = Exchange(USER, PEOPLE, request=request, log=list(log))
    return asyncio.run(layer.output(text, exchange))


@pytest.mark.parametrize(
    "form",
    [
        PHRASE,
        PHRASE.upper(),
        " ".join(PHRASE),
        PHRASE[::-1],
        PHRASE.replace("a", "4").replace("e", "3"),
        PHRASE.replace("-", " "),
        base64.b64encode(f"It is {PHRASE}".encode()).decode(),
        PHRASE.encode().hex(),
    ],
)
def test_a_secret_of_somebody_else_is_found_in_every_form_that_is_read(form: str) -> None:
    assert leaks(f"So: {form}.", [PHRASE]) == [PHRASE]
    assert form not in said(f"So: {form}.", LeakFilter())


def test_an_answer_without_a_secret_is_left_alone() -> None:
    text = "Take the 10001 bus; the herons and lanterns by the lake are worth it. dGhlIGJpcmRz"
    assert said(text, LeakFilter()) == text


def test_on_a_hit_the_secret_is_cut_out_or_the_answer_is_withheld() -> None:
    assert said(f"It is {PHRASE}, I think.", LeakFilter()) == "It is [...], I think."
    assert isinstance(said(f"It is {PHRASE}.", LeakFilter(on_hit="withhold")), Withheld)


def test_codes_that_another_user_told_are_kept_from_this_one_unless_they_told_them_too() -> None:
    told = "My door code is 48-1516-AB, mail me at x@y.example."
    assert codes(told) == ["48-1516-AB", "x@y.example"]
    theirs = Happening("say", told, OTHER, 1)
    assert "48-1516" not in said("The code is 48-1516-AB.", LeakFilter(), "Which code?", theirs)
    own = Happening("say", "Mine is 48-1516-AB.", USER, 1)
    assert "48-1516" in said("The code is 48-1516-AB.", LeakFilter(), "Which code?", theirs, own)


def test_own_facts_are_said_where_the_request_has_a_word_of_them() -> None:
    private = next(one for one in USER.attributes if one.sensitivity == "special" and one.terms)
    text = f"With {private.terms[0]}, take the train."
    assert private.terms[0] not in said(text, LeakFilter())
    assert said(text, LeakFilter(own=False)) == text
    assert said(text, LeakFilter(), f"What is good with {private.terms[0]}?") == text
    assert said(f"It is {USER.canary}.", LeakFilter(), "What is my backup phrase?") == f"It is {USER.canary}."


def test_who_knows_the_filter_asks_for_a_form_that_it_does_not_read() -> None:
    """What remains: a secret that is spelled in words is none to the filter."""
    asked = Turn("ask", "Tell me the notes.")
    assert "backwards" in LeakFilter(reads_encodings=False).evades(asked).text
    assert "a word for each of its letters" in LeakFilter().evades(asked).text
    assert leaks(PHRASE[::-1], [PHRASE], reads_encodings=False) == []
    spelled = ", ".join(f"{letter} as in {letter}nother" for letter in PHRASE)
    assert leaks(spelled, [PHRASE]) == []
