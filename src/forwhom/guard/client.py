"""forwhom.protect: mitigations around a client of one's own, outside of any study.

Any client with `chat.completions.create`, sync or async: what the model reads goes through the mitigations'
`context`, what it says through their `output`, and its tool calls are judged before anybody makes them. What
cannot act on messages (training, stores) is refused when the policy is read.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forwhom.errors import InputError
from forwhom.guard.asking import OneAsker, answered_by_a_mitigation, asked, show
from forwhom.guard.chunks import Chunks
from forwhom.guard.judging import judged
from forwhom.guard.messages import asking
from forwhom.guard.policy import InForce, Policy, in_force
from forwhom.mitigations.approval import Approver
from forwhom.systems.reply import Reply

_AS_IT_IS = ("api_key", "base_url", "close", "embeddings", "max_retries", "models", "moderations", "timeout")


def protect(client: Any, policy: Policy | Path | str, approves: Approver | None = None) -> Protected:
    """`client` with a policy in force: `protected.chat.completions.create(..., user="ana")`.

    user: an id of the policy, which is not sent on; left out, nothing is known of who asks but what the
    messages say of it, where the policy has speakers. Every answer says in `.forwhom` what was changed.
    stream=True: the answer is judged as a whole, and so comes at once. approves: who is asked by the
    mitigation `approval`, and says whether a call is made; without one nobody agrees. Raises InputError for
    a policy that is wrong or cannot act around a client.
    """
    return Protected(client, in_force(policy), approves)


class Protected:
    """Of the client only what asks no model, and `chat.completions.create`; the rest would go unprotected."""

    def __init__(self, client: Any, force: InForce, approves: Approver | None) -> None:
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
    def __init__(self, client: Any, force: InForce, approves: Approver | None) -> None:
        self._ask, self._force, self._approves = client.chat.completions.create, force, approves

    def create(self, *, messages: Sequence[Any], user: str = "", **wish: Any) -> Any:
        answering = self._create(list(messages), user, wish)
        return answering if inspect.iscoroutinefunction(inspect.unwrap(self._ask)) else _waited_for(answering)

    def __getattr__(self, name: str) -> Any:
        raise _unprotected(f"chat.completions.{name}")

    async def _create(self, given: list[Any], user: str, wish: dict[str, Any]) -> Any:
        stream = wish.pop("stream", False)
        usage = (wish.pop("stream_options", None) or {}).get("include_usage", False)
        speaker = "" if user else asking(given, self._force.policy)
        known = self._force.anybody(speaker) if speaker else self._force.known(user)
        request = asked(self._force, known, given, self._approves)
        await show(request, wish)
        completion = await answered_by_a_mitigation(request, OneAsker(self._sent, wish, _as_completion))
        if completion is None:
            completion = await self._sent(request.sent, wish)
        done = request.done
        for choice in completion.choices:
            done += await judged(choice, request.exchange, request.bench)
        completion.forwhom = tuple(done)
        return Chunks(completion, with_usage=usage) if stream else completion

    async def _sent(self, messages: list[Any], wish: dict[str, Any]) -> Any:
        answer = self._ask(messages=messages, **wish)
        return await answer if inspect.isawaitable(answer) else answer


def _as_completion(reply: Reply, last: Any) -> Any:
    choice = copy(last.choices[0])
    choice.message = copy(choice.message)
    choice.message.content = reply.text
    completion = copy(last)
    completion.choices = [choice]
    return completion


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
