"""The attack finds what was planted, is a guess where nothing was, and makes nothing of rounding."""

import numpy as np
import pytest

from forwhom.probes.shadow_attack import bits_told, information, tell_apart

USERS = [f"u{number}" for number in range(60)]
Seen = dict[str, tuple[float, ...]]


def seen(draw: np.random.Generator, having: set[str], shift: float, features: int = 100) -> Seen:
    """Noise of size 1; whoever is in `having` is shifted in every tenth feature."""
    noise = draw.normal(size=(len(USERS), features))
    for place, user in enumerate(USERS):
        noise[place, ::10] += shift * (user in having)
    return dict(zip(USERS, map(tuple, noise.tolist()), strict=True))


def right(shift: float, times: int = 40) -> float:
    """The share of games that are won."""
    won = []
    for seed in range(times):
        draw = np.random.default_rng(seed)
        having = set(draw.choice(USERS, 12, replace=False).tolist())
        numbers = seen(draw, having, shift)
        others = [user for user in USERS if user not in having]
        won += [tell_apart(numbers, having, one, str(draw.choice(others))).lead > 0 for one in sorted(having)]
    return sum(won) / len(won)


def test_a_planted_difference_is_found() -> None:
    assert right(shift=1.5) > 0.95


def test_without_a_difference_it_is_a_guess() -> None:
    # 480 games: a standard error of 2.3 points.
    assert 0.43 < right(shift=0.0) < 0.57


def test_a_larger_difference_is_found_more_often() -> None:
    assert right(shift=0.3, times=15) < right(shift=0.7, times=15) < right(shift=1.2, times=15)


def test_the_two_are_not_learned_from() -> None:
    """What only these two show is noise to an attacker who never saw them."""
    draw = np.random.default_rng(3)
    having = set(USERS[:12])
    numbers = seen(draw, having, 0.0)
    numbers["u0"] = tuple(50.0 if place == 7 else one for place, one in enumerate(numbers["u0"]))
    guess = tell_apart(numbers, having, "u0", "u20")
    known = tell_apart({user: numbers[user] for user in USERS}, having | {"u20"}, "u0", "u20")
    assert guess.lead == known.lead, "whether the other one has it is not looked up"


def test_classes_that_are_each_all_alike_are_told_apart() -> None:
    having = set(USERS[:12])
    one_expert = {user: (1.0, 0.0) if user in having else (0.0, 1.0) for user in USERS}
    assert tell_apart(one_expert, having, "u0", "u20").lead > 1
    assert tell_apart(one_expert, having, "u0", "u1").lead == 0.0
    assert bits_told(one_expert, having) > 0.5


def test_the_same_numbers_of_all_tell_nobody_apart() -> None:
    having = set(USERS[:12])
    same = dict.fromkeys(USERS, (0.5, 0.25, 1 / 3))
    assert tell_apart(same, having, "u0", "u20").lead == 0.0
    rounded = {user: (0.5, 0.25 + 1e-12 * place, 1 / 3) for place, user in enumerate(USERS)}
    assert tell_apart(rounded, having, "u0", "u20").share == 0.5
    assert bits_told(same, having) == 0.0


def test_of_too_few_shadows_nothing_is_learned() -> None:
    numbers = seen(np.random.default_rng(0), set(USERS[:3]), 5.0)
    guess = tell_apart(numbers, set(USERS[:3]), "u0", "u20")
    assert (guess.lead, guess.share, guess.shadows) == (0.0, 0.5, (2, 56))


def test_the_information_is_that_of_a_known_channel() -> None:
    draw = np.random.default_rng(0)
    for flipped in (0.0, 0.1, 0.25, 0.5):
        sent = draw.random(20_000) < 0.5
        got = sent ^ (draw.random(20_000) < flipped)
        p = np.clip(flipped, 1e-12, 1 - 1e-12)
        truth = 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p)
        assert information(got, sent) == pytest.approx(truth, abs=0.02)


def test_the_bias_of_small_samples_is_taken_off() -> None:
    draw = np.random.default_rng(0)
    null = [information(draw.random(60) < 0.3, draw.random(60) < 0.3) for _ in range(2_000)]
    assert np.mean(null) < 0.01


def test_bits_grow_with_the_difference_and_end_at_those_of_the_attribute() -> None:
    having = set(USERS[:15])
    told = [bits_told(seen(np.random.default_rng(1), having, shift), having) for shift in (0.0, 0.8, 4.0)]
    assert told[0] < 0.05
    assert told[0] <= told[1] < told[2]
    quarter = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    assert told[2] == pytest.approx(quarter, abs=0.02)
