"""Mitigations for studies of `stack/NAME`: what they do is planted with the marks that they write."""

from collections.abc import Sequence
from dataclasses import replace

from inspect_ai.model import ChatMessage, ChatMessageSystem

from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, Withheld, mitigation
from forwhom.systems.turns import Turn
from tests.controls import stack_model  # noqa: F401 - registers the model and its layer

_KNOWING = "(knowing)"


@mitigation(
    name="shield", stages=("context",), entry="minimal-disclosure", reduces=("contraindicated-advice",),
    source="a test", of=("mark",), stops_adversaries=True,
)  # fmt: skip
class Shield(Mitigation):
    """Writes `mark` beside the others, unless who asks knows of it."""

    mark: str = "S"
    is_evaded: bool = False

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        if _KNOWING in exchange.request:
            return messages
        return [ChatMessageSystem(content=f"{messages[0].text} [{self.mark}]"), *messages[1:]]

    def evades(self, turn: Turn) -> Turn:
        return (
            replace(turn, text=f"{turn.text} {_KNOWING}") if self.is_evaded and turn.kind == "ask" else turn
        )


@mitigation(
    name="muzzle", stages=("output",), entry="minimal-disclosure", reduces=("contraindicated-advice",),
    source="a test",
)  # fmt: skip
class Muzzle(Mitigation):
    """Withholds whatever is said."""

    words: Sequence[str] = ("",)

    async def output(self, text: str, exchange: Exchange) -> str:
        return Withheld("I am sorry, I cannot say.") if any(one in text for one in self.words) else text
