"""What a live model said and wants to call, after the mitigations; and a note of all that was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from forwhom.guard.calls import Bench
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Withheld

SAID = ("content", "reasoning_content", "reasoning")
"""The fields of a message that hold what is said."""
POLICY = "policy"


@dataclass(frozen=True)
class Intervention:
    """One thing that a mitigation, or the policy itself, changed. what: the field of an answer, or the name
    of a tool. by: the mitigations, or POLICY. What was taken away is not in it, since answers are passed on.
    """

    at: Literal["request", "answer", "tool", "call"]
    what: str
    why: str
    by: tuple[str, ...] = ()


async def judged(choice: Any, exchange: Exchange, bench: Bench) -> list[Intervention]:
    """What is said and called in one choice, after the mitigations; it is changed in place."""
    done = await _answer(choice, exchange)
    return done + judged_calls(choice, bench)


async def _answer(choice: Any, exchange: Exchange) -> list[Intervention]:
    message, done = choice.message, []
    for field in SAID:
        text = getattr(message, field, None)
        if not isinstance(text, str) or not text:
            continue
        said, by = await _said(text, exchange)
        if by:
            setattr(message, field, said)
            if getattr(choice, "logprobs", None) is not None:
                choice.logprobs = None  # they spell out what was taken away
            done.append(changed_answer(field, by, withheld=isinstance(said, Withheld)))
    return done


def changed_answer(field: str, by: Sequence[str], *, withheld: bool) -> Intervention:
    """withheld: by the last of them."""
    if withheld:
        return Intervention("answer", field, f"{by[-1]} withheld it", tuple(by[-1:]))
    return Intervention("answer", field, f"{' and '.join(by)} changed it", tuple(by))


def judged_calls(choice: Any, bench: Bench) -> list[Intervention]:
    """Its calls alone; a choice that is left with nothing to say says so, and is changed in place."""
    message, done = choice.message, _without_old_call(choice)
    calls = getattr(message, "tool_calls", None)
    if not calls and not done:
        return []
    kept = []
    for call in calls or ():
        part = getattr(call, "function", None) or call.custom
        held = "arguments" if hasattr(part, "arguments") else "input"
        given = getattr(part, held)
        verdict = bench.judged(part.name, given)
        if verdict.why:
            done.append(Intervention("call", part.name, verdict.why, verdict.by))
            continue
        if verdict.arguments != given:
            setattr(part, held, verdict.arguments)
            done.append(Intervention("call", part.name, "its arguments were changed", verdict.by))
        kept.append(call)
    message.tool_calls = kept or None
    if not kept:
        choice.finish_reason = "stop"
        if not getattr(message, "content", None):
            message.content = (
                f"I am not allowed to call {', '.join(one.what for one in done if one.at == 'call')} here."
            )
    return done


def _without_old_call(choice: Any) -> list[Intervention]:
    """A call of the form before tools, which nobody asks for any more and nothing here judges."""
    old = getattr(choice.message, "function_call", None)
    if not old:
        return []
    choice.message.function_call = None
    return [Intervention("call", old.name, "it has a form that is not judged", (POLICY,))]


async def _said(text: str, exchange: Exchange) -> tuple[str, list[str]]:
    """What is said, and who changed it."""
    changing = []
    for guard in exchange.guards:
        said = await guard.output(text, exchange)
        if said != text:
            changing.append(guard.name)
        text = said
        if isinstance(said, Withheld):
            break
    return text, changing
