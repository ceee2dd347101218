"""What `settled` promises: an answer that is said in parts is the answer that is said at once."""

import asyncio
import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forwhom.mitigations.abstain_and_ask import AbstainAndAsk
from forwhom.mitigations.contraindication_check import ContraindicationCheck
from forwhom.mitigations.leak_filter import LeakFilter
from forwhom.mitigations.pseudonymization import Pseudonymization
from forwhom.mitigations.self_reminder import SelfReminder
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation
from forwhom.users.user import NEUTRAL, Attribute, User


def holding(name: str, *secrets: str) -> User:
    held = tuple(
        Attribute(domain=f"secret {one}", value="", sensitivity="special", terms=(one,)) for one in secrets
    )
    fact = Attribute(
        domain="medication", value="warfarin", sensitivity="special", statement="Takes warfarin.",
        terms=("warfarin", "blood thinner", "inr"),
    )  # fmt: skip
    return User(id=name, name=name, attributes=(*held, fact))


ANA, BEN = (
    holding("ana", "heron-lantern-10001"),
    holding("ben", "abab", "otter 7", "k\u212a9 zz", "\u039f\u03a3\u03a3"),
)
PIECES = st.lists(
    st.one_of(
        st.sampled_from([
            "abab", "ab", "a b", " ", "\n", "otter 7", "7 retto", "otter", "o.t.t.e.r 7", "warfarin", "Warf",
            "arins", "blood ", "thinner", "inr", "INRs", "heron-lantern-10001", "61 62:61 62 ", "61", "62",
            "6f 74 74 65 72 20 37", base64.b64encode(b"is otter 7 ok").decode(), "b3R0ZXIgNw", "==", "\u0130",
            "\u039f\u03a3", "\u03a3\u03b1", ", ", ".", "'", "\u4f60\u597d", "\u3002", "name-oak-123", "cafe ",
        ]),
        st.text(max_size=6),
    ),
    max_size=14,
)  # fmt: skip


def said(guard: Mitigation, text: str, exchange: Exchange) -> str:
    return str(asyncio.run(guard.output(text, exchange)))


@pytest.mark.parametrize(
    "guard",
    [LeakFilter(), LeakFilter(reads_encodings=False), LeakFilter(own=False), Pseudonymization()],
)
@settings(max_examples=250, deadline=None)
@given(pieces=PIECES)
@example(pieces=["abab", "ab ", "x" * 40, " aa bb cc dd "])
def test_in_parts_it_says_what_it_says_of_the_whole(guard: Mitigation, pieces: list[str]) -> None:
    ana, ben = guard.collects(ANA), guard.collects(BEN)
    exchange = Exchange(ana, (ana, ben), request="How are you?", guards=(guard,))
    whole, held, told = "".join(pieces), "", ""
    for piece in pieces:
        held += piece
        place = guard.settled(held, exchange)
        told, held = told + (said(guard, held[:place], exchange) if place else ""), held[place:]
    assert told + said(guard, held, exchange) == said(guard, whole, exchange)


def test_of_an_answer_only_the_last_word_is_held_back_and_what_may_become_a_secret() -> None:
    guard = LeakFilter()
    exchange = Exchange(ANA, (ANA, BEN), request="How are you?", guards=(guard,))
    text = "It was a fine and quiet day by the sea. " * 30
    assert len(text) - 6 < guard.settled(text, exchange) <= len(text)
    for tail in ("hous", "otter ", "ott", "o t t", "7 rett", "ab", "blood thin"):
        assert len(text) - 6 < guard.settled(text + tail, exchange) <= len(text), tail
    nothing = Exchange(NEUTRAL, request="Hello")
    assert guard.settled(text, nothing) == len(text)


def test_who_may_withhold_the_answer_waits_for_all_of_it_and_who_says_nothing_never_does() -> None:
    exchange = Exchange(ANA, (ANA, BEN), request="What shall I eat?")
    assert ContraindicationCheck().settled("Try the satay.", exchange) == 0
    assert LeakFilter(on_hit="withhold").settled("Try the satay.", exchange) == 0
    assert SelfReminder().settled("Try the satay.", exchange) == 14
    assert AbstainAndAsk().settled("Try the satay.", Exchange(NEUTRAL, request="What shall I eat?")) == 0
    assert AbstainAndAsk().settled("Paris.", Exchange(NEUTRAL, request="Which capital?")) == 6
