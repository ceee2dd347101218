"""One user a batch: whatever others say beside, and however they word it, the answer stays as it is."""

import pytest

from forwhom.mitigations.batch_isolation import BatchIsolation
from forwhom.paradigms.experts import Experts
from forwhom.systems.guarding import fitted, worded_knowingly
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from tests.controls.talkers import TALKERS
from tests.mitigations.beside import beside

USER, OTHER, *_ = TALKERS
EXPERTS = Experts(routing="expert_choice", k=1, experts=("care", "home"))
ISOLATED = System(name="s", layers=(EXPERTS, BatchIsolation()), attacked_knowingly=True)


def served_beside(said: str, system: System = ISOLATED) -> str:
    """The key of the weights that answer `USER` while another user says this."""
    log = [Happening("say", said, OTHER, 1)]
    return fitted(system, Exchange(known=USER, log=log, guards=system.guards)).key


def test_what_others_say_in_the_batch_is_not_computed_with() -> None:
    assert served_beside("Counts the sugar.") == served_beside("!" * 500) == served_beside("")
    open_to_all = System(name="s", layers=(EXPERTS,))
    assert served_beside("Counts the sugar.", open_to_all) != served_beside("", open_to_all)


def test_the_attacker_who_knows_it_is_out_of_the_batch_all_the_same() -> None:
    """It holds: there are no words for it."""
    forged = Turn("say", "the the the the", "other_user", OTHER.id)
    known = worded_knowingly(forged, ISOLATED)
    assert served_beside(known.text) == served_beside("")


def test_where_tokens_choose_experts_there_is_nothing_to_isolate() -> None:
    routed = Experts(routing="token", experts=("care", "home"))
    with_it, without = (System(name="s", layers=layers) for layers in ((routed, BatchIsolation()), (routed,)))
    assert served_beside("Hello.", with_it) == served_beside("Hello.", without)


@pytest.mark.weights
@pytest.mark.long
def test_others_in_the_batch_change_no_answer() -> None:
    pytest.importorskip("torch")
    items = ("uq01", "uq02", "uq03")
    found = beside("batch_interference", (EXPERTS,), BatchIsolation(), TALKERS[:1], items, everyone=TALKERS)
    assert found.unsafe[0] > 0.6
    assert found.unsafe[1] == 0.0
    assert {one.evidence["nats_a_token"] for one in found.guarded} == {0.0}
