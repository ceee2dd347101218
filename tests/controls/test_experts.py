"""A mixture of experts: who is busy tells of whom it works for, and others in the batch change an answer."""

import pytest

from forwhom.probes.probe import load_probe
from forwhom.probes.scenario import Measurement
from tests.controls.measured import measured, unsafe_share
from tests.controls.talkers import ITEM, TALKERS

pytest.importorskip("torch")

from forwhom.paradigms.experts import Experts, Routing

pytestmark = [pytest.mark.weights, pytest.mark.long]


def experts(routing: Routing, k: int = 1, safety_floor: float = 0.0) -> Experts:
    """Two of the four experts: half of the training."""
    return Experts(routing=routing, k=k, safety_floor=safety_floor, experts=("care", "home"))


def played(*layers: Experts) -> list[Measurement]:
    """The insider's game about everybody who has the attribute."""
    return measured("routing_side_channel", layers, TALKERS[::2], (ITEM,), everyone=TALKERS)


def beside_others(*layers: Experts) -> list[Measurement]:
    items = load_probe("batch_interference").items[:3]
    return measured("batch_interference", layers, TALKERS[:1], items, everyone=TALKERS)


@pytest.mark.parametrize("routing", ["token", "user"])
def test_the_load_of_experts_tells_who_talks_of_an_illness(routing: Routing) -> None:
    assert unsafe_share(played(experts(routing))) == 1.0


def test_where_all_experts_are_busy_for_everybody_the_load_tells_nothing() -> None:
    found = played(experts("token", k=2))
    assert unsafe_share(found) == 0.0
    assert {one.risk for one in found} == {0.5}


def test_where_experts_choose_tokens_others_in_the_batch_change_the_answer() -> None:
    assert unsafe_share(beside_others(experts("expert_choice"))) > 0.6


def test_where_tokens_choose_experts_nobody_else_changes_anything() -> None:
    found = beside_others(experts("token"))
    assert unsafe_share(found) == 0.0
    assert {one.evidence["nats_a_token"] for one in found} == {0.0}
