"""An expert that declines and is always there: a user's routing does not silence it."""

from forwhom.mitigations.safety_expert import SafetyExpert
from forwhom.paradigms.experts import Experts
from forwhom.paradigms.pruning import Pruning


def test_the_expert_is_there_and_has_its_share() -> None:
    hardened = SafetyExpert(floor=0.3).hardens(Experts(experts=("care", "home"), k=1))
    assert hardened == Experts(experts=("care", "home", "declining"), k=1, safety_floor=0.3)


def test_a_higher_floor_is_left_as_it_is() -> None:
    for layer in (Experts(safety_floor=0.7), Pruning()):
        assert SafetyExpert(floor=0.3).hardens(layer) == layer
