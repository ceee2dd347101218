"""A mask of everybody's text and the user's own: how much of it is whose, and what that does."""

import pytest

from forwhom.mitigations.blended_calibration import BlendedCalibration, blended
from forwhom.paradigms.pruning import Pruning, Subnetwork
from forwhom.systems.guarding import fitted
from forwhom.systems.layer import Exchange
from forwhom.systems.system import System
from forwhom.systems.themes import THEMES, theme_text
from tests.controls.talkers import ITEM, TALKERS
from tests.mitigations.beside import beside

OWN, EVERYBODYS = "own " * 50, "line of all\n" * 3


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_as_much_is_everybodys_as_is_said(share: float) -> None:
    text = blended(OWN, EVERYBODYS, share)
    assert text.endswith(OWN)
    assert (len(text) - len(OWN)) / len(text) == pytest.approx(share, abs=0.01)


def test_no_more_is_calibrated_on_than_is_read() -> None:
    text = blended("a" * 9000 + "latest", EVERYBODYS, 0.5, most=1000)
    assert len(text) <= 1001
    assert text.endswith("a" * 494 + "latest")


def test_nothing_is_blended_in_at_0_and_nothing_is_the_users_at_1() -> None:
    assert blended(OWN, EVERYBODYS, 0) == OWN
    assert blended(OWN, EVERYBODYS, 1) == EVERYBODYS
    assert blended("", EVERYBODYS, 0.5) == EVERYBODYS


def test_at_1_all_users_have_one_mask() -> None:
    system = System(name="s", layers=(Pruning(), BlendedCalibration(share=1)))
    keys = {fitted(system, Exchange(known=user)).key for user in TALKERS[:3]}
    assert len(keys) == 1


def test_what_a_subnetwork_is_cut_out_by_is_all_that_changes() -> None:
    exchange = Exchange(known=TALKERS[0])
    (plain,) = fitted(System(name="s", layers=(Pruning(),)), exchange).changes
    (mixed,) = fitted(System(name="s", layers=(Pruning(), BlendedCalibration())), exchange).changes
    assert isinstance(plain, Subnetwork) and isinstance(mixed, Subnetwork)
    assert mixed.text == blended(plain.text, theme_text(*THEMES), BlendedCalibration().share)
    assert (mixed.sparsity, mixed.structure) == (plain.sparsity, plain.structure)


@pytest.mark.weights
@pytest.mark.long
def test_an_insider_still_tells_for_whom_a_mask_was_made() -> None:
    """What it does not do: nothing in the mask is random, so a tenth of the text is enough."""
    pytest.importorskip("torch")
    layers, guard = (Pruning(structure="structured"),), BlendedCalibration(share=0.9)
    found = beside("mask_disclosure", layers, guard, TALKERS[::2], (ITEM,), everyone=TALKERS)
    assert found.unsafe == (1.0, 1.0)
