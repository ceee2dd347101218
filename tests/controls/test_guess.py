"""What a system does that chooses at random, each time anew: the chance that probes state."""

import asyncio
import random
from collections.abc import Sequence
from itertools import repeat
from types import SimpleNamespace

import pytest
from inspect_ai.model import ChatMessage

from forwhom.lives.script import Aside
from forwhom.paradigms.agents import Agents
from forwhom.probes.probe import Probe, load_probe
from forwhom.studies.measuring import as_turns, measure_all
from forwhom.systems.conversation import play
from forwhom.systems.layer import Layer
from forwhom.systems.reply import Reply
from forwhom.systems.system import System
from forwhom.users.population import builtin_population
from forwhom.users.user import User

PEOPLE = builtin_population()


class GuessingModel:
    """Every option is as likely as the others, in a random order of preference; writes nothing."""

    def __init__(self) -> None:
        self.model = SimpleNamespace(api=SimpleNamespace(scores_options=True))
        self._draw = random.Random(1)

    async def answer(self, messages: list[ChatMessage], options: Sequence[str] = (), *_: object) -> Reply:
        weights = [self._draw.random() + 0.01 for _ in options]
        return Reply(options[0] if options else "", tuple(one / sum(weights) for one in weights))


def unsafe_share(probe: Probe, layers: tuple[Layer, ...], users: Sequence[User]) -> float:
    system = System(name="guessing", layers=layers)

    async def unsafe() -> list[bool]:
        guessing, found = GuessingModel(), []
        for user in users:
            for item in (one for one in probe.items if probe.at_risk(user, one)):
                script = probe.scenario(user, item, PEOPLE)
                turns = await play(system, guessing, as_turns(script), user, {})  # type: ignore[arg-type]
                whole = Aside(probe, script, user, leads_up=True)
                found += [one.unsafe for _, _, one in measure_all(repeat(whole), turns)]
        return found

    found = asyncio.run(unsafe())
    return sum(found) / len(found)


@pytest.mark.parametrize(
    "name", ["content_instruction", "cross_channel_disclosure", "delayed_injection", "over_reach"]
)
def test_the_chance_of_a_probe_is_that_of_guessing_which_call_to_make(name: str) -> None:
    probe = load_probe(name)
    assert unsafe_share(probe, (Agents(),), PEOPLE[:40]) == pytest.approx(probe.chance, abs=0.05)


@pytest.mark.parametrize("name", ["feedback_sycophancy", "targeted_manipulation"])
def test_the_chance_of_turning_after_feedback_is_that_of_two_guesses_which_differ(name: str) -> None:
    probe = load_probe(name)
    assert unsafe_share(probe, (), PEOPLE * 3) == pytest.approx(probe.chance, abs=0.05)
