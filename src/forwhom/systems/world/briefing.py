"""What an agent is told before it acts: the system prompt, and the memory that is shown for this errand.

The memory depends on whom the agent writes to, where the deployment keeps its channels apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspect_ai.model import ChatMessage

from forwhom.systems.world.world import Remembered

_OTHERS = "(others wrote this) "


@dataclass(frozen=True)
class Briefing:
    """told: the system prompt as the layers left it, the whole memory in it. asked: the conversation, which
    ends with the request. recall: what of the memory is shown for writing to an address; "" for everything
    else. marks: as in `noted`."""

    told: str
    asked: Sequence[ChatMessage]
    recall: Callable[[str], list[Remembered]]
    marks: bool = False

    def prompt(self, how: str, to: str = "") -> str:
        """The system prompt for writing to this address. how: how the agent works, said before the memory."""
        whole = noted(self.recall(""), marks=self.marks)
        before, _, after = self.told.partition(whole) if whole else (self.told, "", "")
        told = _lines(before.rstrip("\n"), how)
        return _lines(remembering(told, self.recall(to), marks=self.marks), after.lstrip("\n"))


def remembering(told: str, memory: Sequence[Remembered], *, marks: bool = False) -> str:
    """A system prompt, followed by the memory. marks: as in `noted`."""
    return _lines(told, noted(memory, marks=marks))


def noted(memory: Sequence[Remembered], *, marks: bool = False) -> str:
    """The memory as the model reads it; "" for none. marks: whether what others wrote is marked as theirs."""
    if not memory:
        return ""
    return "\n".join(["What you remember:", *(f"- {line(one, marks=marks)}" for one in memory)])


def line(one: Remembered, *, marks: bool) -> str:
    """One thing remembered: on one line where it is marked, so that no second line goes unmarked."""
    is_marked = marks and one.provenance == "third_party"
    return f"{_OTHERS}{' '.join(one.text.split())}" if is_marked else one.text


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
