"""forwhom.protect: mitigations around a client of one's own, outside of any study.

Any client with `chat.completions.create`, sync or async: what the model reads goes through the mitigations'
`context`, what it says through their `output`, and its tool calls are judged before anybody makes them. What
cannot act on messages (training, stores) is refused when the policy is read.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspect_ai.model import ChatMessage

from forwhom.errors import InputError
from forwhom.guard.calls import Bench, name_of, offered
from forwhom.guard.chunks import Chunks
from forwhom.guard.judging import Intervention, judged
from forwhom.guard.messages import as_read, as_sent, conversation, is_others
from forwhom.guard.policy import InForce, Policy, in_force
from forwhom.mitigations.approval import APPROVES, Approver
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange
from forwhom.systems.reply import Reply
from forwhom.users.representations import introduced

_AS_IT_IS = ("api_key", "base_url", "close", "embeddings", "max_retries", "models", "moderations", "timeout")
_OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")


def protect(client: Any, policy: Policy | Path | str, approves: Approver | None = None) -> Protected:
    """`client` with a policy in force: `protected.chat.completions.create(..., user="ana")`.

    user: an id of the policy, which is not sent on; left out, nothing is known of who asks. Every answer
    says in `.forwhom` what was changed. stream=True: the answer is judged as a whole, and so comes at once.
    approves: who is asked by the mitigation `approval`, and says whether a call is made; without one nobody
    agrees. Raises InputError for a policy that is wrong or cannot act around a client.
    """
    return Protected(client, in_force(policy), approves or _nobody)


def _nobody(attempt: Attempt) -> bool:
    return False


class Protected:
    """Of the client only what asks no model, and `chat.completions.create`; the rest would go unprotected."""

    def __init__(self, client: Any, force: InForce, approves: Approver) -> None:
        self._client, self._force, self._approves = client, force, approves
        self.chat = _Chat(_Completions(client, force, approves))

    def with_options(self, **options: Any) -> Protected:
        return Protected(self._client.with_options(**options), self._force, self._approves)

    def __getattr__(self, name: str) -> Any:
        if name in _AS_IT_IS:
            return getattr(self._client, name)
        raise _unprotected(name)


@dataclass(frozen=True)
class _Chat:
    completions: _Completions


class _Completions:
    def __init__(self, client: Any, force: InForce, approves: Approver) -> None:
        self._ask, self._force, self._approves = client.chat.completions.create, force, approves

    def create(self, *, messages: Sequence[Any], user: str = "", **wish: Any) -> Any:
        answering = self._create(list(messages), user, wish)
        return answering if inspect.iscoroutinefunction(inspect.unwrap(self._ask)) else _waited_for(answering)

    def __getattr__(self, name: str) -> Any:
        raise _unprotected(f"chat.completions.{name}")

    async def _create(self, given: list[Any], user: str, wish: dict[str, Any]) -> Any:
        stream = wish.pop("stream", False)
        usage = (wish.pop("stream_options", None) or {}).get("include_usage", False)
        force, known = self._force, self._force.known(user)
        exchange = Exchange(known, tuple(force.users.values()), guards=force.guards)
        exchange.notes[APPROVES] = self._approves
        messages = as_read(given, force.policy.untrusted)
        conversation(messages, exchange)
        bench = Bench(force, exchange, tuple(one.text for one in messages if is_others(one)))
        done = _without_what_is_not_offered(wish, bench)
        before = await as_sent(messages)
        messages = await self._as_shown(messages, exchange)
        sent = await as_sent(messages)
        if sent != before:
            done.append(Intervention("request", "messages", "what the model reads was changed"))
        completion = await self._answered(messages, sent, exchange, wish)
        for choice in completion.choices:
            done += await judged(choice, exchange, bench)
        completion.forwhom = tuple(done)
        return Chunks(completion, with_usage=usage) if stream else completion

    async def _as_shown(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        if self._force.policy.introduced and not (shown := exchange.shown(exchange.known)).is_neutral:
            told = introduced(messages[0].text, shown, self._force.policy.introduced).strip()
            messages = [messages[0].model_copy(update={"content": told}), *messages[1:]]
        for guard in exchange.guards:
            messages = await guard.context(messages, exchange)
        return messages

    async def _answered(
        self, messages: list[ChatMessage], sent: list[Any], exchange: Exchange, wish: dict[str, Any]
    ) -> Any:
        """By the client; or by a mitigation that asks the model in its own way, in one choice."""
        asker = _Asker(self._ask, wish)
        for guard in exchange.guards:
            if (reply := await guard.answers(messages, (), exchange, asker)) is not None:
                return _as_completion(reply, asker.last)
        return await _settled(self._ask(messages=sent, **wish))


class _Asker:
    """What a mitigation that answers may ask (systems/layer.py, Asker): text of this client's model."""

    def __init__(self, ask: Callable[..., Any], wish: dict[str, Any]) -> None:
        self._ask = ask
        self._wish = {key: value for key, value in wish.items() if key not in (*_OF_TOOLS, "n")}
        self.last: Any = None

    @property
    def model(self) -> Any:
        raise InputError("A mitigation of the policy needs a model of Inspect's, and here is only a client.")

    sampling = model

    async def answer(self, messages: list[ChatMessage], options: Sequence[str] = ()) -> Reply:
        if options:
            raise InputError("A mitigation of the policy scores options, and a client only writes text.")
        self.last = await _settled(self._ask(messages=await as_sent(messages), **self._wish))
        return Reply(self.last.choices[0].message.content or "")


def _as_completion(reply: Reply, last: Any) -> Any:
    """`reply` in the form of the last completion that was asked for."""
    if last is None:
        raise InputError("A mitigation of the policy answers without asking the model; that needs a study.")
    choice = copy(last.choices[0])
    choice.message = copy(choice.message)
    choice.message.content = reply.text
    completion = copy(last)
    completion.choices = [choice]
    return completion


def _without_what_is_not_offered(wish: dict[str, Any], bench: Bench) -> list[Intervention]:
    if not wish.get("tools"):
        return []
    kept, reasons = offered(wish["tools"], bench)
    wish["tools"] = kept
    chosen = wish.get("tool_choice")
    if isinstance(chosen, dict) and name_of(chosen) in reasons:
        del wish["tool_choice"]
    if not kept:
        for setting in _OF_TOOLS:
            wish.pop(setting, None)
    return [Intervention("tool", name, why) for name, why in reasons.items()]


async def _settled(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer


def _waited_for(answering: Coroutine[Any, Any, Any]) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(answering)
    with ThreadPoolExecutor(1) as apart:  # as in a notebook, whose own loop is running
        return apart.submit(asyncio.run, answering).result()


def _unprotected(name: str) -> InputError:
    return InputError(
        f"'{name}' would go past the policy: a protected client has chat.completions.create. "
        "Use the client itself where no protection is meant."
    )
