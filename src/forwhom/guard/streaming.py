"""A streamed answer, judged while it comes: text goes on as soon as no mitigation can change it any more.

A tool call is held until it is complete. What is said in the end is what `judging.judged` makes of the whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from forwhom.guard.asking import Asked
from forwhom.guard.fields import Fields
from forwhom.guard.judging import SAID, Intervention, changed_answer, judged_calls
from forwhom.guard.sse import as_event, data_of
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, Withheld

Failed = Callable[[str, Exception], None]
"""Told of what failed, and at which step; it raises where the policy fails closed."""


class Spoken:
    """One text on its way through the mitigations, each of which holds what it has not settled."""

    def __init__(self, guards: tuple[Mitigation, ...], exchange: Exchange, failed: Failed) -> None:
        self._guards, self._exchange, self._failed = guards, exchange, failed
        self._held = [""] * len(guards)
        self._asked = [False] * len(guards)
        self._broken = [False] * len(guards)
        self.changed_by: dict[str, None] = {}
        self.is_withheld = False

    async def add(self, text: str) -> str:
        """What can be said now."""
        for place, guard in enumerate(self._guards):
            held = self._held[place] + text
            try:
                settled = len(held) if self._broken[place] else guard.settled(held, self._exchange)
                text = await self._said(place, held[:settled]) if settled else ""
                self._held[place] = held[settled:]
            except Exception as error:
                text = self._passed_on(place, held, error)
        return text

    async def end(self) -> str:
        """What is said last."""
        text = ""
        for place in range(len(self._guards)):
            held, self._held[place] = self._held[place] + text, ""
            text = held
            if self._broken[place] or not (held or not self._asked[place]):
                continue
            try:
                text = await self._said(place, held)
            except Exception as error:
                text = self._passed_on(place, held, error)
            if isinstance(text, Withheld):
                self.is_withheld = True
                break
        return str(text)

    async def _said(self, place: int, text: str) -> str:
        self._asked[place] = True
        said = await self._guards[place].output(text, self._exchange)
        if said != text:
            self.changed_by[self._guards[place].name] = None
        return said

    def _passed_on(self, place: int, text: str, error: Exception) -> str:
        self._failed(self._guards[place].name, error)
        self._broken[place], self._held[place] = True, ""
        return text


class _Choice:
    def __init__(self) -> None:
        self.spoken: dict[str, Spoken] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.old_call: dict[str, Any] | None = None
        self.content = ""  # the first of it that was said
        self.is_closed = False

    def collect(self, parts: list[dict[str, Any]]) -> None:
        for part in parts:
            _join(self.calls.setdefault(part.get("index", len(self.calls)), {}), part)


class StreamJudge:
    """speaking: the mitigations that may change what is said. judges_calls: whether calls are judged."""

    def __init__(
        self, request: Asked, speaking: tuple[Mitigation, ...], judges_calls: bool, failed: Failed
    ) -> None:
        self._request, self._speaking, self._failed = request, speaking, failed
        self._judges_calls = judges_calls
        self._choices: dict[int, _Choice] = {}
        self._head: dict[str, Any] = {}
        self.done: list[Intervention] = []
        self.said: list[str] = []

    async def event(self, raw: bytes) -> bytes:
        """An event of the upstream as what goes on to the client: often as it is, maybe nothing yet."""
        told = data_of(raw)
        chunk = json.loads(told) if told else None
        if not isinstance(chunk, dict) or not isinstance(chunk.get("choices"), list):
            return raw
        self._head = {key: value for key, value in chunk.items() if key not in ("choices", "usage")}
        is_changed, rests, ended = False, [], []
        for choice in chunk["choices"]:
            state = self._choices.setdefault(choice.get("index", 0), _Choice())
            is_changed |= await self._heard(choice, state)
            if (reason := choice.get("finish_reason")) is not None:
                rest, now = await self._closed(state, reason)
                if rest or now != reason:
                    is_changed = True
                    rests += (
                        [{"index": choice["index"], "delta": rest, "finish_reason": None}] if rest else []
                    )
                    choice["finish_reason"] = None
                    ended.append({**choice, "delta": {}, "logprobs": None, "finish_reason": now})
        return self._written(chunk, rests, ended) if is_changed else raw

    def so_far(self) -> list[Intervention]:
        """What was changed of an answer that nobody waits for any more."""
        spoken = [
            one for state in self._choices.values() if not state.is_closed for one in state.spoken.items()
        ]
        begun = [(field, list(one.changed_by)) for field, one in spoken if one.changed_by]
        return self.done + [changed_answer(field, by, withheld=False) for field, by in begun]

    async def end(self) -> bytes:
        """What is left to say of choices that the upstream did not finish."""
        out = b""
        for index, state in self._choices.items():
            if not state.is_closed:
                rest, reason = await self._closed(state, None)
                if rest or reason:
                    choice = {"index": index, "delta": rest, "finish_reason": reason}
                    out += as_event({**self._head, "choices": [choice]})
        return out

    def _written(self, chunk: dict[str, Any], rests: list[Any], ended: list[Any]) -> bytes:
        usage = {"usage": chunk.pop("usage")} if ended and "usage" in chunk else {}
        out = b"" if _is_empty(chunk) else as_event(chunk)
        out += as_event({**self._head, "choices": rests}) if rests else b""
        return out + (as_event({**self._head, "choices": ended, **usage}) if ended else b"")

    async def _heard(self, choice: dict[str, Any], state: _Choice) -> bool:
        """Whether anything of this part is changed, or held."""
        delta, is_changed = choice.get("delta") or {}, False
        for field in SAID if self._speaking else ():
            if isinstance(text := delta.get(field), str) and text:
                if field not in state.spoken:
                    state.spoken[field] = Spoken(self._speaking, self._request.exchange, self._failed)
                delta[field] = await state.spoken[field].add(text)
                is_changed |= delta[field] != text
        if is_changed and choice.get("logprobs"):
            choice["logprobs"] = None  # they spell out what is held, too
        if self._judges_calls:
            if delta.get("tool_calls"):
                state.collect(delta.pop("tool_calls"))
                is_changed = True
            if delta.get("function_call"):
                state.old_call = _join(state.old_call or {}, delta.pop("function_call"))
                is_changed = True
        if content := delta.get("content"):
            state.content = state.content or content
            self.said.append(content)
        return is_changed

    async def _closed(self, state: _Choice, reason: str | None) -> tuple[dict[str, Any], str | None]:
        """What this choice still says and calls, and how it ends."""
        rest: dict[str, Any] = {}
        state.is_closed = True
        for field, spoken in state.spoken.items():
            if text := await spoken.end():
                rest[field] = text
            if by := list(spoken.changed_by):
                self.done.append(changed_answer(field, by, withheld=spoken.is_withheld))
        self.said.append(rest.get("content", ""))
        if not state.calls and not state.old_call:
            return rest, reason
        content = state.content or rest.get("content", "")
        calls = [state.calls[place] for place in sorted(state.calls)]
        message: dict[str, Any] = {"content": content, "tool_calls": calls, "function_call": state.old_call}
        choice: dict[str, Any] = {"message": message, "finish_reason": reason}
        try:
            self.done += judged_calls(Fields(choice), self._request.bench)
        except Exception as error:
            self._failed("calls", error)
            message = {"content": content, "tool_calls": calls}
        if message["tool_calls"]:
            rest["tool_calls"] = [{**one, "index": place} for place, one in enumerate(message["tool_calls"])]
        if message["content"] != content:
            rest["content"] = message["content"]
        return rest, choice["finish_reason"]


def _join(held: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of a call added to what came of it: texts that grow are `arguments` and `input`."""
    for key, value in part.items():
        if isinstance(value, dict):
            _join(held.setdefault(key, {}), value)
        elif key in ("arguments", "input"):
            held[key] = held.get(key, "") + (value or "")
        elif value is not None and key != "index":
            held[key] = value
    return held


def _is_empty(chunk: dict[str, Any]) -> bool:
    return not chunk.get("usage") and all(
        choice.get("finish_reason") is None and not any((choice.get("delta") or {}).values())
        for choice in chunk["choices"]
    )
