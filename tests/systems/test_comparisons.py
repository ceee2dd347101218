"""What feedback a history holds: the user's own, that of sharers, and what others left in the sessions."""

import pytest

from forwhom.systems.comparisons import Comparison, earlier_feedback, own_comparisons
from forwhom.systems.layer import Exchange, Happening
from forwhom.users.population import builtin_population
from forwhom.users.user import NEUTRAL, User

PEOPLE = builtin_population()
USER, BESIDE = PEOPLE[:2]


def exchange(known: User = USER) -> Exchange:
    """In the third session: what the user, another user and a third party rated, in one session each."""
    rated = [
        Happening("feedback", f"Rated in session {session}?", actor, session, ("Yes.", "No."))
        for session, actor in enumerate((USER, BESIDE, None), start=1)
    ]
    said = [Happening("say", "I like tea.", USER, 1), Happening("feedback", "Was I right?", USER, 1)]
    return Exchange(known=known, population=PEOPLE, session=3, log=[*said, *rated])


def test_every_preference_is_a_comparison() -> None:
    first = USER.preferences[0]
    assert own_comparisons(USER)[0] == Comparison(first.prompt, first.chosen, first.rejected)
    assert len(own_comparisons(USER)) == len(USER.preferences)
    assert own_comparisons(NEUTRAL) == []


def test_feedback_counts_by_whomever_once_its_session_is_over() -> None:
    told = [one.prompt for one in earlier_feedback(exchange())]
    assert told == ["Rated in session 1?", "Rated in session 2?"]


def test_vetting_leaves_out_what_others_rated() -> None:
    later = exchange()
    later.session = 4
    assert [one.prompt for one in earlier_feedback(later, vets=True)] == ["Rated in session 1?"]


def test_sharers_are_one_fit_whoever_of_them_asks() -> None:
    pytest.importorskip("torch")
    from forwhom.paradigms.reinforcement import Reinforcement

    shared, own = Reinforcement(shares=2), Reinforcement()
    asks = [Exchange(known=one, population=PEOPLE) for one in (USER, BESIDE)]
    first, second = (shared.weights(one) for one in asks)
    assert first is not None and second is not None and first.key == second.key
    assert {one.key for ask in asks if (one := own.weights(ask))}.isdisjoint({first.key})


def test_of_whom_there_is_no_feedback_nothing_is_learned() -> None:
    from forwhom.paradigms.reinforcement import Reinforcement

    assert Reinforcement().weights(Exchange(known=NEUTRAL, population=PEOPLE)) is None
