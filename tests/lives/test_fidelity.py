"""Whether simulated users said what they were to say, and can be told apart."""

from forwhom.lives.fidelity import Line, fidelity

FACTS = {
    "a": ["I grow roses in my garden.", "My roses need water.", "Which roses bloom in June?"],
    "b": ["I repair old motorcycles.", "My motorcycle needs oil.", "Which engine oil is best?"],
}


def lines(said: dict[str, list[str]]) -> list[Line]:
    return [Line(user, session, FACTS[user][session - 1], text)
            for user, texts in said.items() for session, text in enumerate(texts, start=1)]  # fmt: skip


def test_who_says_the_script_is_faithful_and_known_by_it() -> None:
    found = fidelity(lines(FACTS))
    assert found.kept == 1
    assert found.others < 0.5
    assert (found.recognized, found.chance) == (1, 0.5)


def test_who_says_something_else_is_not() -> None:
    said = {user: ["It rains today.", "It rains again.", "Will it rain?"] for user in FACTS}
    found = fidelity(lines(said))
    assert found.kept < 0.2
    assert found.recognized <= 0.5


def test_numbers_and_names_count() -> None:
    wanted = "My code is 4172 and my doctor is Weber."
    right = fidelity([Line("a", 1, wanted, wanted)]).kept
    wrong = fidelity([Line("a", 1, wanted, "My code is 4173 and my doctor is Wagner.")]).kept
    assert wrong < right
