"""What a live model said and wants to call, after the mitigations; and a note of all that was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from forwhom.guard.calls import Bench
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Withheld

_SAID = ("content", "reasoning_content", "reasoning")


@dataclass(frozen=True)
class Intervention:
    """One thing that a mitigation, or the policy itself, changed. what: the field of an answer, or the name
    of a tool. What was taken away is not in it, since answers are passed on."""

    at: Literal["request", "answer", "tool", "call"]
    what: str
    why: str


async def judged(choice: Any, exchange: Exchange, bench: Bench) -> list[Intervention]:
    """What is said and called in one choice, after the mitigations; it is changed in place."""
    done = await _answer(choice, exchange)
    return done + _calls(choice, bench)


async def _answer(choice: Any, exchange: Exchange) -> list[Intervention]:
    message, done = choice.message, []
    for field in _SAID:
        text = getattr(message, field, None)
        if not isinstance(text, str) or not text:
            continue
        said, why = await _said(text, exchange)
        if why:
            setattr(message, field, said)
            if getattr(choice, "logprobs", None) is not None:
                choice.logprobs = None  # they spell out what was taken away
            done.append(Intervention("answer", field, why))
    return done


def _calls(choice: Any, bench: Bench) -> list[Intervention]:
    message = choice.message
    calls = getattr(message, "tool_calls", None)
    if not calls:
        return []
    done, kept = [], []
    for call in calls:
        part = getattr(call, "function", None) or call.custom
        held = "arguments" if hasattr(part, "arguments") else "input"
        given = getattr(part, held)
        verdict = bench.judged(part.name, given)
        if verdict.why:
            done.append(Intervention("call", part.name, verdict.why))
            continue
        if verdict.arguments != given:
            setattr(part, held, verdict.arguments)
            done.append(Intervention("call", part.name, "its arguments were changed"))
        kept.append(call)
    message.tool_calls = kept or None
    if not kept:
        choice.finish_reason = "stop"
        if not message.content:
            message.content = (
                f"I am not allowed to call {', '.join(one.what for one in done if one.at == 'call')} here."
            )
    return done


async def _said(text: str, exchange: Exchange) -> tuple[str, str]:
    """What is said, and why it is not `text`; "" where it is."""
    changing = []
    for guard in exchange.guards:
        said = await guard.output(text, exchange)
        if said != text:
            changing.append(guard.name)
        text = said
        if isinstance(said, Withheld):
            return str(said), f"{guard.name} withheld it"
    return text, f"{' and '.join(changing)} changed it" if changing else ""
