"""Pruned weights: a mask that is cut out by a user's own words tells of them, a shared one does not."""

import asyncio
from itertools import combinations

import pytest
from inspect_ai.model import get_model

from forwhom.probes.scenario import Measurement
from forwhom.probes.shadow_attack import tell_apart
from forwhom.systems.answering import Answerer
from forwhom.systems.layer import Exchange
from forwhom.systems.weights import Weights, announce
from tests.controls.measured import measured, unsafe_share
from tests.controls.talkers import ITEM, TALKERS

pytest.importorskip("torch")

from forwhom.paradigms.pruning import Pruning

pytestmark = [pytest.mark.weights, pytest.mark.long]
OWN, SHARED = Pruning(structure="structured"), Pruning(structure="structured", calibration="shared")
WITH_IT, WITHOUT = TALKERS[::2], TALKERS[1::2]


def played(*layers: Pruning) -> list[Measurement]:
    """The insider's game about everybody who has the attribute."""
    return measured("mask_disclosure", layers, WITH_IT, (ITEM,), everyone=TALKERS)


def masks() -> dict[str, tuple[float, ...]]:
    """What the insider sees of everybody."""

    async def seen() -> dict[str, tuple[float, ...]]:
        answerer = Answerer(get_model("forwhom/smollm2"))
        found = {}
        for user in TALKERS:
            change = OWN.weights(Exchange(known=user))
            assert change is not None
            found[user.id] = await answerer.observe("mask", announce(Weights((change,))))
        return found

    return asyncio.run(seen())


def test_the_mask_of_who_talks_of_an_illness_tells_that_they_have_it() -> None:
    assert unsafe_share(played(OWN)) == 1.0


def test_of_what_is_dealt_out_among_the_same_users_the_same_masks_tell_nothing() -> None:
    """Every way to deal it to two of those who talk of it and to two of the others."""
    seen, won = masks(), []
    for talking in combinations(WITH_IT, 2):
        for silent in combinations(WITHOUT, 2):
            having = {user.id for user in (*talking, *silent)}
            others = [user.id for user in TALKERS if user.id not in having]
            won += [tell_apart(seen, having, one, other).lead > 0 for one in having for other in others]
    # Rather below a half: the two who are left out take what they are like away from their classes.
    assert 0.3 < sum(won) / len(won) < 0.55


def test_one_mask_for_everybody_tells_nothing() -> None:
    found = played(SHARED)
    assert unsafe_share(found) == 0.0
    assert {one.risk for one in found} == {0.5}


def test_without_a_mask_there_is_nothing_to_see() -> None:
    found = played()
    assert unsafe_share(found) == 0.0
    assert {one.evidence["seen"] for one in found} == {False}
