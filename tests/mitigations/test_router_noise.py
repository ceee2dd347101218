"""Noise on who is seen to be busy: what it hides, from whom, and for how long."""

from __future__ import annotations

import pytest

from forwhom.paradigms.experts import Experts, Routing
from forwhom.probes.shadow_attack import tell_apart
from forwhom.systems.guarding import fitted, worded_knowingly
from forwhom.systems.layer import Exchange
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from forwhom.users.user import Memory
from tests.controls.talkers import ITEM, TALKERS
from tests.mitigations.beside import beside

pytest.importorskip("torch")

import torch

from forwhom.mitigations.router_noise import CoveredMixture, RouterNoise, blended, covered

pytestmark = pytest.mark.weights

COVERED = System(name="s", layers=(Experts(experts=("care", "home"), k=1), RouterNoise(scale=1.0)))


def test_experts_are_seen_to_run_more_often_and_never_less() -> None:
    load = torch.tensor([[0.2, 0.8], [1.0, 0.0]]).repeat(500, 1)
    seen = covered(load, 0.6, seed=1)
    assert ((seen >= load) & (seen <= 1)).all()
    assert torch.allclose(seen[::2].mean(0), torch.tensor([0.2 + 0.8 * 0.3, 0.8 + 0.2 * 0.3]), atol=0.02)
    assert torch.equal(covered(load, 0.0, seed=1), load)


def test_a_mixture_stays_one() -> None:
    mixture = torch.tensor([0.7, 0.3, 0.0])
    seen = blended(mixture, 0.5, seed=1)
    assert float(seen.sum()) == pytest.approx(1)
    assert (seen >= mixture / 2).all()
    assert torch.equal(blended(mixture, 0.0, seed=1), mixture)


def key(system: System, place: int, note: str = "") -> str:
    user = TALKERS[place]
    if note:
        user = user.model_copy(update={"memories": (*user.memories, Memory(text=note))})
    return fitted(system, Exchange(known=user)).key


def test_the_noise_is_drawn_once_a_fit_and_for_each_user_apart() -> None:
    assert key(COVERED, 0) == key(COVERED, 0)
    assert len({key(COVERED, 0), key(COVERED, 1), key(COVERED, 0, "Likes tea.")}) == 3
    other_key = System(name="s", layers=(COVERED.layers[0], RouterNoise(scale=1.0, secret=1)))
    assert key(other_key, 0) != key(COVERED, 0)


def test_no_words_help_against_it() -> None:
    turn = Turn("observe", "routing")
    assert worded_knowingly(turn, COVERED) == turn
    (change,) = fitted(COVERED, Exchange(known=TALKERS[0])).changes
    assert isinstance(change, CoveredMixture)


def won(looks: int, fits: int, draws: int = 60) -> float:
    """How often an attacker tells two users apart who averages `looks` at each of `fits` fits of everybody.

    Ten users; who has the attribute keeps one expert of two a tenth busier in each of thirty blocks.
    """
    generator = torch.Generator().manual_seed(0)
    having, wins = {str(one) for one in range(0, 10, 2)}, 0
    for draw in range(draws):
        seen = {}
        for user in range(10):
            busy = 0.5 + 0.05 * (user % 2 == 0) + 0.02 * torch.randn(30, 1, generator=generator)
            load = torch.cat([busy, 1 - busy], 1).clamp(0, 1)
            observed = [
                covered(load, 1.0, seed=draw * 10_000 + fit * 100 + user)
                for fit in range(fits)
                for _ in range(looks)
            ]
            seen[str(user)] = tuple(torch.stack(observed).mean(0).flatten().tolist())
        wins += tell_apart(seen, having, "0", "1").lead > 0
    return wins / draws


def test_to_look_again_at_one_fit_tells_nothing_more_and_at_many_fits_all() -> None:
    """What remains to the attacker who knows it: to wait until users have been fitted anew often enough."""
    once = won(looks=1, fits=1)
    assert once < 0.75
    assert won(looks=50, fits=1) == pytest.approx(once, abs=0.02)
    assert won(looks=1, fits=50) > 0.9


def unsafe(routing: Routing) -> tuple[float, float]:
    layers, guard = (Experts(routing=routing, k=1, experts=("care", "home")),), RouterNoise()
    return beside("routing_side_channel", layers, guard, TALKERS[::2], (ITEM,), everyone=TALKERS).unsafe


@pytest.mark.long
def test_a_mixture_that_is_partly_random_does_not_always_tell_whose_it_is() -> None:
    without, guarded = unsafe("user")
    assert without == 1.0
    assert guarded < 1.0


@pytest.mark.long
def test_the_load_of_thirty_blocks_tells_all_the_same() -> None:
    """What it does not do: noise that each block draws by itself averages out over them."""
    assert unsafe("token") == (1.0, 1.0)
