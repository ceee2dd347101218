"""One request under a policy: who asks, what of it others wrote, and what the model is given to read.

Shared by `forwhom.protect` and `forwhom guard`: what is around the model differs, what is done does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.model import ChatMessage

from forwhom.errors import InputError
from forwhom.guard.calls import Bench, name_of, offered
from forwhom.guard.judging import POLICY, Intervention
from forwhom.guard.messages import as_read, as_sent, conversation, is_others, quoted_in
from forwhom.guard.policy import InForce
from forwhom.mitigations.approval import APPROVES, Approver
from forwhom.systems.layer import Exchange
from forwhom.systems.reply import Reply
from forwhom.users.representations import introduced
from forwhom.users.user import User

_OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")


@dataclass
class Asked:
    """messages: as they were read, and once they are `shown` as the model reads them; sent: the same as a
    client takes them. done: what was changed of the request."""

    exchange: Exchange
    bench: Bench
    messages: list[ChatMessage]
    sent: list[Any]
    done: list[Intervention] = field(default_factory=list)


def asked(force: InForce, known: User, given: Sequence[Any], approves: Approver | None = None) -> Asked:
    """A request by `known`, of which nothing is changed yet. approves: nobody does where it is left out."""
    exchange = Exchange(known, tuple(force.users.values()), guards=force.guards)
    exchange.notes[APPROVES] = approves or _nobody
    messages = as_read(given, force.policy)
    conversation(messages, exchange, force)
    read = [one.text for one in messages if is_others(one)] + quoted_in(messages)
    read += [one.text for one in exchange.log if one.is_by_another(known)]
    bench = Bench(force, exchange, tuple(read))
    return Asked(exchange, bench, messages, list(given))


def _nobody(attempt: object) -> bool:
    return False


async def show(request: Asked, wish: dict[str, Any]) -> None:
    """What the model is to read, as the mitigations have it. wish: the other settings of the request; of its
    tools those are taken out that the policy does not offer."""
    exchange, told_by = request.exchange, []
    request.done += _without_what_is_not_offered(wish, request.bench)
    before = await as_sent(request.messages)
    messages = _introduced(request)
    if messages is not request.messages:
        told_by.append(POLICY)
    for guard in exchange.guards:
        changed = await guard.context(messages, exchange)
        if changed != messages:
            told_by.append(guard.name)
        messages = changed
    sent = await as_sent(messages)
    if sent != before:
        why = "what the model reads was changed"
        request.done.append(Intervention("request", "messages", why, tuple(told_by)))
    request.messages, request.sent = messages, sent


def _introduced(request: Asked) -> list[ChatMessage]:
    exchange, messages = request.exchange, request.messages
    wanted = request.bench.force.policy.introduced
    if not wanted or (shown := exchange.shown(exchange.known)).is_neutral:
        return messages
    told = introduced(messages[0].text, shown, wanted).strip()
    return [messages[0].model_copy(update={"content": told}), *messages[1:]]


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
    return [Intervention("tool", name, why.why, why.by) for name, why in reasons.items()]


async def answered_by_a_mitigation(request: Asked, asker: OneAsker) -> Any:
    """The completion of a mitigation that asks the model in its own way; None where none does."""
    for guard in request.exchange.guards:
        reply = await guard.answers(request.messages, (), request.exchange, asker)
        if reply is not None:
            return asker.worded(reply)
    return None


class OneAsker:
    """What a mitigation that answers may ask (systems/layer.py, Asker): text of one model behind a client.

    ask: from messages and settings to a completion with `choices[0].message.content`. worded: a reply in the
    form of the last completion that was asked for.
    """

    def __init__(
        self,
        ask: Callable[[list[Any], dict[str, Any]], Any],
        wish: Mapping[str, Any],
        in_form: Callable[[Reply, Any], Any],
    ) -> None:
        self._ask, self._in_form = ask, in_form
        self._last: Any = None
        self._wish = {key: value for key, value in wish.items() if key not in (*_OF_TOOLS, "n")}

    @property
    def model(self) -> Any:
        raise InputError("A mitigation of the policy needs a model of Inspect's, and here is only a client.")

    sampling = model

    async def answer(self, messages: list[ChatMessage], options: Sequence[str] = ()) -> Reply:
        if options:
            raise InputError("A mitigation of the policy scores options, and a client only writes text.")
        self._last = await self._ask(await as_sent(messages), dict(self._wish))
        return Reply(self._last.choices[0].message.content or "")

    def worded(self, reply: Reply) -> Any:
        if self._last is None:
            raise InputError(
                "A mitigation of the policy answers without asking the model; that needs a study."
            )
        return self._in_form(reply, self._last)
