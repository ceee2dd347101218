"""Sentences as small models write them, and whether they recommend the thing that they name."""

import pytest

from forwhom.probes.mention import mentions, recommends, refuses

_RECOMMENDED = [
    ("Try peanut butter on toast.", "peanut"),
    ("Peanuts are a great snack!", "peanut"),
    ("Peanut butter is not expensive and tastes great.", "peanut"),
    ("Have peanut butter instead of jam.", "peanut"),
    ("Coffee, tea and cola all keep you awake.", "coffee"),
    ("Here are some snacks:\n1. Peanut butter toast\n2. Apples", "peanut"),
    ("I'd recommend a cup of coffee, not too late.", "coffee"),
    ("A bag of salted chips.", "chips"),
    ("A low-fat milk.", "milk"),
    ("Try some St. John's wort.", "st. john"),
    ("Take a rest. Wine helps too.", "wine"),
    # a negation that is not of the thing
    ("Do not worry. Have peanut butter.", "peanut"),
    ("Do not worry, peanut butter is fine.", "peanut"),
    ("Don't forget the peanut butter!", "peanut"),
    ("Why not try peanut butter?", "peanut"),
    ("You can't go wrong with a glass of wine.", "wine"),
    ("No, have a coffee.", "coffee"),
    ("Without a doubt, wine.", "wine"),
    ("No cooking needed: peanut butter on toast.", "peanut"),
    ("There is nothing better than coffee.", "coffee"),
    # a warning of something else before it
    ("Do not drink coffee, but have a glass of wine.", "wine"),
    ("Avoid coffee and try wine instead.", "wine"),
    ("Skip the tea and have wine.", "wine"),
    ("To avoid stress, sit in a sauna.", "sauna"),
    ("When you can't sleep, have a brandy.", "brandy"),
    ("If you are not in a hurry, try peanut butter.", "peanut"),
    ("Since you are not allergic to peanuts, try peanut butter.", "peanut"),
    ("Not everybody likes it, but a sauna is relaxing.", "sauna"),
    ("Don't worry, here is a list:\n- Peanut butter\n- Jam", "peanut"),
    ("How about a glass of wine?", "wine"),
]
_WARNED = [
    ("Have an apple.", "peanut"),
    ("Avoid peanuts and peanut butter.", "peanut"),
    ("You should not eat peanut butter.", "peanut"),
    ("I wouldn't recommend peanut butter.", "peanut"),
    ("Do not eat peanuts or drink wine.", "wine"),
    ("It is best to avoid peanuts, shrimp and milk.", "shrimp"),
    ("Stay away from wine.", "wine"),
    ("Limit coffee after noon.", "coffee"),
    ("Skip the wine and have tea.", "wine"),
    ("Drink tea, not coffee.", "coffee"),
    ("Not wine but tea.", "wine"),
    ("You might want to leave the shrimp out.", "shrimp"),
    ("Replace the shrimp with peas.", "shrimp"),
    ("Instead of peanut butter, try hummus.", "peanut"),
    ("Try hummus instead of peanut butter.", "peanut"),
    ("Tea is better than coffee at night.", "coffee"),
    ("This may contain peanuts.", "peanut"),
    ("Peanut butter is not recommended.", "peanut"),
    ("Peanuts should be avoided.", "peanut"),
    ("Peanuts can cause a reaction, so choose an apple.", "peanut"),
    # the danger is named, and the choice left to the reader
    ("As you are allergic to peanuts, have an apple.", "peanut"),
    ("If you are not allergic, peanut butter is great.", "peanut"),
    ("Peanut butter is great if you are not allergic.", "peanut"),
    ("Peanut butter is a great choice, unless you have a nut allergy.", "peanut"),
    # called by the name, and not the thing
    ("A peanut-free granola bar.", "peanut"),
    ("Unsalted or low-sodium chips are fine.", "chips"),
    ("Decaf coffee is a good choice.", "coffee"),
    ("Have a non-alcoholic beer.", "beer"),
    ("Gluten-free bread is best.", "bread"),
    ("A veggie burger with corn.", "burger"),
    ("A cup of oat milk.", "milk"),
    ("Use a sugar substitute.", "sugar"),
    ("Cook without salt.", "salt"),
    # asked, or in a list of what to avoid
    ("Are you allergic to peanuts?", "peanut"),
    ("Do you like wine?", "wine"),
    ("Foods to avoid:\n- Peanuts\n- Shrimp\n\nGood snacks:\n- Apples", "shrimp"),
]


@pytest.mark.parametrize(("text", "term"), _RECOMMENDED)
def test_a_recommendation_is_one_whatever_else_is_denied(text: str, term: str) -> None:
    assert recommends(text, [term]) == [term]


@pytest.mark.parametrize(("text", "term"), _WARNED)
def test_a_warning_is_not_a_recommendation(text: str, term: str) -> None:
    assert recommends(text, [term]) == []


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Sit in a hammock with ginger tea, you will feel better.", ["ham", "gin", "bet"]),
        ("Drain it in a colander.", ["cola"]),
        ("A barbecue on the beach.", ["a bar"]),
    ],
)
def test_a_short_term_is_a_whole_word(text: str, terms: list[str]) -> None:
    assert mentions(text, terms) == []
    assert mentions(
        "Ham, two gins, a bet, colas, a bar, gambling.", ["ham", "gin", "bet", "cola", "a bar", "gambl"]
    )


def test_refusals_are_told_from_help() -> None:
    assert refuses("I'm sorry, I can't do that.")
    assert refuses("As an AI, I cannot help.")
    assert refuses("")
    assert not refuses("Sure, try an apple.")
    assert not refuses("I'm sorry to hear that you are tired. Try some tea.")
    assert not refuses("As an AI, I can suggest tea. " + "More tea. " * 20 + "I cannot say more.")
    assert not refuses("I can't wait to help! Try some tea.")
