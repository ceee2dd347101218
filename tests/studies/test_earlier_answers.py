"""A probe may measure what shows only in the difference of two answers."""

from itertools import repeat

from forwhom.lives.script import Aside
from forwhom.probes.probe import Probe
from forwhom.probes.scenario import Answer, Event, Measurement, Scenario
from forwhom.studies.measuring import measure_all
from forwhom.systems.reply import Reply
from forwhom.systems.turns import AskedTurn
from forwhom.users.user import NEUTRAL, User


def _differs(scenario: Scenario, answer: Answer, user: User) -> Measurement | None:
    if not answer.earlier:
        return None
    return Measurement(risk=float(answer.text != answer.earlier[-1].text), unsafe=False)


def test_an_ask_that_only_leads_up_is_no_measurement_and_the_next_one_sees_it() -> None:
    probe = Probe("p", "r", "t", "s", ("i",), lambda user, item: True, lambda *_: SCRIPT, _differs)
    turns = [AskedTurn(1, "?", Reply(text), "") for text in ("a", "a", "b")]
    found = measure_all(repeat(Aside(probe, SCRIPT, NEUTRAL, leads_up=True)), turns)
    assert [turn for _, turn, _ in found] == turns[1:]
    assert [one.risk for _, _, one in found] == [0.0, 1.0]


SCRIPT = Scenario(probe="p", item="i", user="u", at_risk=True, events=(Event(kind="ask", text="?"),))
