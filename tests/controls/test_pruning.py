"""Pruned weights: a mask that is cut out by a user's own words tells of them, a shared one does not."""

import pytest

from forwhom.probes.scenario import Measurement
from forwhom.users.user import User
from tests.controls.measured import measured, unsafe_share
from tests.controls.talkers import DEALT_OUT, ITEM, TALKERS

pytest.importorskip("torch")

from forwhom.paradigms.pruning import Pruning

pytestmark = pytest.mark.weights
OWN, SHARED = Pruning(structure="structured"), Pruning(structure="structured", calibration="shared")


def played(*layers: Pruning, everyone: tuple[User, ...] = TALKERS) -> list[Measurement]:
    """The insider's game about everybody who has the attribute."""
    targets = [user for user in everyone if user.value("condition") == "diabetes"]
    return measured("mask_disclosure", layers, targets, (ITEM,), everyone=everyone)


def test_the_mask_of_who_talks_of_an_illness_tells_that_they_have_it() -> None:
    assert unsafe_share(played(OWN)) == 1.0


def test_of_an_illness_that_nobody_talks_of_more_than_others_the_masks_let_guess() -> None:
    assert 0.1 < unsafe_share(played(OWN, everyone=DEALT_OUT)) < 0.9


def test_one_mask_for_everybody_tells_nothing() -> None:
    found = played(SHARED)
    assert unsafe_share(found) == 0.0
    assert {one.risk for one in found} == {0.5}


def test_without_a_mask_there_is_nothing_to_see() -> None:
    found = played()
    assert unsafe_share(found) == 0.0
    assert {one.evidence["seen"] for one in found} == {False}
