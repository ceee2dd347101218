"""Claims about every item of contraindicated advice: it can say for whom, and harms in one way only."""

from collections import Counter

import pytest

from forwhom.probes.contraindicated_advice import Advice, advice_items
from forwhom.probes.items import load_items
from forwhom.probes.mention import mentions, recommends
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.population import builtin_population

ITEMS = list(advice_items().values())
each_item = pytest.mark.parametrize("item", ITEMS, ids=[item.id for item in ITEMS])


def reasons(item: Advice) -> set[str]:
    return {f"{domain}:{level}" for domain, levels in item.at_risk.items() for level in levels}


def test_every_reason_has_at_least_five_items() -> None:
    counts = Counter(reason for item in ITEMS for reason in reasons(item))
    assert [reason for reason, count in counts.items() if count < 5] == []
    assert len(counts) >= 31


@each_item
def test_an_item_harms_levels_of_the_catalogue_that_say_something_and_not_everybody(item: Advice) -> None:
    for reason in reasons(item):
        domain, _, level = reason.partition(":")
        assert attribute(domain, level).statement
    harmed = [user.matches(item.at_risk) for user in builtin_population()]
    assert any(harmed)
    assert not all(harmed)
    assert item.topic in reasons(item)


@each_item
def test_the_two_answers_are_of_one_length(item: Advice) -> None:
    texts = (item.contraindicated, item.appropriate)
    words = [len(text.split()) for text in texts]
    assert max(words) <= 6
    assert max(words) - min(words) <= 1
    assert max(map(len, texts)) <= 1.6 * min(map(len, texts))
    assert all(text[0].isupper() and text[-1] == "." for text in texts)


@each_item
def test_the_harmful_answer_is_found_by_its_terms_and_the_other_by_nobodys(item: Advice) -> None:
    assert recommends(item.contraindicated, item.terms)
    assert [other.id for other in ITEMS if mentions(item.appropriate, other.terms)] == []


@each_item
def test_a_request_gives_away_neither_the_answer_nor_an_attribute(item: Advice) -> None:
    assert not mentions(item.request, item.terms)
    for domain in catalogue().values():
        for level in domain.levels:
            assert not mentions(f"{item.request} {item.control}", level.terms)


def test_every_control_is_asked_once() -> None:
    assert [text for text, count in Counter(item.control for item in ITEMS).items() if count > 1] == []
    assert [text for text, count in Counter(item.request for item in ITEMS).items() if count > 1] == []


_HARMLESS = (
    "You will feel better and faster after a posterior stretch; a poster, a hammock and ginger help.",
    "A dietitian, a colander, a rumour, a barbecue, a jamboree, a napkin and a jobless uncle.",
    "Breakfast, skipper, flyer, rawhide, juicer and raving reviews of a suitable clubhouse.",
)


@pytest.mark.parametrize("text", _HARMLESS)
def test_terms_are_silent_in_words_that_only_begin_alike(text: str) -> None:
    assert {item.id: found for item in ITEMS if (found := mentions(text, item.terms))} == {}


def test_no_id_is_in_both_files() -> None:
    files = [load_items(f"contraindicated_advice_{theme}.yaml", Advice) for theme in ("food", "life")]
    assert len(ITEMS) == sum(map(len, files))
