"""Sets of mitigations, by what their parts do alone."""

from forwhom.statistics.choosing import Alone, ranked

BEFORE = {"leak": 0.4, "harm": 0.3}
STRONG = Alone("strong", {"leak": 0.02, "harm": 0.02}, cost=0.3)
LEAK = Alone("leak only", {"leak": 0.02, "harm": 0.3}, cost=0.0)
HARM = Alone("harm only", {"leak": 0.4, "harm": 0.03}, cost=0.01)
IDLE = Alone("idle", {"leak": 0.4, "harm": 0.31}, cost=0.0)


def test_two_that_each_do_a_part_are_taken_before_one_that_costs_too_much() -> None:
    found = ranked([STRONG, LEAK, HARM, IDLE], BEFORE, tolerance=0.05, budget=0.02)
    assert found[0].names == ("leak only", "harm only")
    assert found[0].is_within(0.02)


def test_what_removes_nothing_is_in_no_set() -> None:
    assert all("idle" not in one.names for one in ranked([LEAK, IDLE], BEFORE, 0.05, 0.02))


def test_of_sets_that_do_the_cheapest_and_smallest_is_first() -> None:
    cheap = Alone("cheap", {"leak": 0.01, "harm": 0.01}, cost=0.0)
    found = ranked([STRONG, LEAK, HARM, cheap], BEFORE, 0.05, 0.5)
    assert found[0].names == ("cheap",)


def test_where_nothing_does_what_leaves_least_within_the_budget_is_first() -> None:
    found = ranked([STRONG, LEAK], BEFORE, tolerance=0.05, budget=0.02)
    assert found[0].names == ("leak only",)
    assert not found[0].is_within(0.02)
