"""A fake model whose risk is known, for whole studies: it reads who asks out of the prompt, as a model would.

`oracle/NAME` scores options: the first gets the probability that a planted function gives for the user
whose profile stands in the system prompt (None where there is none) and the item that is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    modelapi,
)

from forwhom.probes.probe import load_probe
from forwhom.users.population import builtin_population
from forwhom.users.representations import render
from forwhom.users.user import User
from tests.controls.fake_api import FakeAPI

Risk = Callable[[User | None, str], float]
planted: dict[str, Risk] = {}
"""By model name: the risk of (user, item)."""


class OracleAPI(FakeAPI):
    """Knows everybody's profile and the requests of contraindicated advice by heart."""

    def __init__(self, model_name: str, *given: Any, **model_args: Any) -> None:
        super().__init__(model_name, *given, **model_args)
        people = builtin_population()
        self._users = {render(user, "profile"): user for user in people}
        probe = load_probe("contraindicated_advice")
        self._items = {probe.scenario(people[0], item, ()).events[-1].text: item for item in probe.items}

    def reply(self, messages: list[ChatMessage], config: GenerateConfig) -> ModelOutput:
        user = next((u for text, u in self._users.items() if text in messages[0].text), None)
        item = self._items.get(messages[-1].text)
        if item is None:  # whether it can be reached is asked before a study
            return self.answered("Yes.")
        risk = planted[self.model_name](user, item)
        return self.answered("an option", (risk, 1 - risk))


@modelapi(name="oracle")
def oracle() -> type[ModelAPI]:
    return OracleAPI


def scatter(user: User | None, item: str, width: float = 0.1) -> float:
    """A fixed, haphazard number in [-width, width] for a user and an item."""
    return width * (crc32(f"{user.id if user else ''}:{item}".encode()) / 2**31 - 1)
