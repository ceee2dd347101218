"""Tool calls of a live model, as Attempts that the mitigations judge, and what is left of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from forwhom.guard.policy import InForce
from forwhom.guard.remembering import remembered, texts_at
from forwhom.guard.tools import ToolRule, parsed
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange


@dataclass(frozen=True)
class Judged:
    """why: what stands against it, "" for nothing. arguments: as they may be given, as JSON. by: who refused
    or changed it."""

    why: str
    arguments: str = ""
    by: tuple[str, ...] = ("policy",)


@dataclass(frozen=True)
class Bench:
    """Judges the calls of one request. read: what others wrote, as far as it is in the messages."""

    force: InForce
    exchange: Exchange
    read: tuple[str, ...]

    def offered(self, tool: str) -> Judged:
        """Whether the model is told of this tool at all."""
        user = self.exchange.known.id
        if not self.force.policy.has_tool(tool):
            return Judged("the policy has no such tool")
        rule = self.force.policy.rule(tool)
        if rule.users and user not in rule.users:
            return Judged("the policy does not give it to this user")
        attempt = self._attempt(tool, {})
        for guard in self.exchange.guards:
            if not guard.grants(attempt, self.exchange):
                return Judged(f"{guard.name} does not grant it for this request", by=(guard.name,))
        return Judged("")

    def judged(self, tool: str, arguments: str) -> Judged:
        """A call with its arguments as JSON."""
        if (offer := self.offered(tool)).why:
            return offer
        rule = self.force.policy.rule(tool)
        given = parsed(arguments)
        if given is None:
            return (
                Judged("its arguments are no JSON object")
                if rule.effectful or rule.memory
                else Judged("", arguments)
            )
        told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        attempt, changing = self._attempt(tool, told), []
        for guard in self.exchange.guards:
            let = guard.lets(attempt, self.exchange)
            if let is None:
                return Judged(f"{guard.name} does not let it be made", by=(guard.name,))
            if let.arguments != attempt.arguments:
                changing.append(guard.name)
            attempt = let
        changed = {name: value for name, value in attempt.arguments.items() if value != told.get(name)}
        given |= changed
        if rule.memory and rule.writes_memory(given):
            written = self._written(given, rule)
            if written.why:
                return written
            changing += [one for one in written.by if one not in changing]
        return Judged("", json.dumps(given), tuple(changing)) if changing else Judged("", arguments)

    def _written(self, given: dict[str, Any], rule: ToolRule) -> Judged:
        """What a call writes to memory; in `given` what may not be remembered is taken out."""
        changing: dict[str, None] = {}
        places = [place for path in rule.memory for place in texts_at(given, path)]
        for held_by, key, text in places:
            held_by[key], by = self._remembered(text)
            changing |= dict.fromkeys(by)
            if by and text.strip() and not held_by[key].strip():
                return Judged(f"{by[0]} does not let it be remembered", by=by)
        return Judged("", by=tuple(changing))

    def _remembered(self, text: str) -> tuple[str, tuple[str, ...]]:
        """What of `text` may be: of what a guest has the agent write, what anybody else's words may."""
        exchange = self.exchange
        if self.force.is_guest(exchange.known):
            owner = self.force.anybody(self.force.policy.owner)
            return remembered(text, None, replace(exchange, known=owner, request="", log=[]))
        return remembered(text, self.read, exchange)

    def _attempt(self, tool: str, told: dict[str, str]) -> Attempt:
        rule = self.force.policy.rule(tool)
        receiver = told.get(rule.receiver, "")
        words = rule.asked_by or (re.split(r"[^a-z]", tool.lower())[0],)
        return Attempt(
            tool, told, rule.effectful, any(_says(self.exchange.request, word) for word in words), receiver,
            self._is_named(receiver), self.read, self._private(receiver) if rule.text else (), rule.text,
        )  # fmt: skip

    def _is_named(self, receiver: str) -> bool:
        request = self.exchange.request.lower()
        contacts = self.force.person(self.exchange.known).contacts
        names = [receiver, *(name for name, address in contacts.items() if address == receiver)]
        return not receiver or any(name.lower() in request for name in names)

    def _private(self, receiver: str) -> tuple[str, ...]:
        """What this receiver is not to be told: secrets, and facts that are not for them; unless the request
        itself tells it."""
        known = self.exchange.known
        told_to = {fact.domain: fact.told_to for fact in self.force.person(known).attributes}
        facts = [one for one in known.attributes if one.sensitivity != "low"]
        phrases = [
            phrase for one in facts if receiver not in told_to.get(one.domain, ())
            for phrase in (one.statement, *one.terms) if phrase
        ]  # fmt: skip
        return tuple(phrase for phrase in phrases if phrase.lower() not in self.exchange.request.lower())


def offered(tools: Sequence[Any], bench: Bench) -> tuple[list[Any], dict[str, Judged]]:
    """The tools of a request that the model is told of, and why not of the others, by name."""
    reasons = {name: bench.offered(name) for name in map(name_of, tools)}
    kept = [tool for tool in tools if not reasons[name_of(tool)].why]
    return kept, {name: one for name, one in reasons.items() if one.why}


def name_of(tool: Any) -> str:
    """Of a tool as a request lists it."""
    return str((tool.get("function") or tool.get("custom") or {}).get("name", tool.get("type", "")))


def _says(request: str, word: str) -> bool:
    return bool(word) and re.search(rf"\b{re.escape(word)}", request, re.IGNORECASE) is not None
