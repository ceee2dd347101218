"""Tool calls of a live model, as Attempts that the mitigations judge, and what is left of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forwhom.guard.policy import InForce, ToolRule
from forwhom.systems.attempt import Attempt
from forwhom.systems.layer import Exchange


@dataclass(frozen=True)
class Judged:
    """why: what stands against it, "" for nothing. arguments: as they may be given, as JSON."""

    why: str
    arguments: str = ""


@dataclass(frozen=True)
class Bench:
    """Judges the calls of one request. read: what others wrote, as far as it is in the messages."""

    force: InForce
    exchange: Exchange
    read: tuple[str, ...]

    def is_offered(self, tool: str) -> str:
        """Why the model is not even told of this tool; "" where it is."""
        tools, user = self.force.policy.tools, self.exchange.known.id
        if tools is not None and tool not in tools:
            return "the policy has no such tool"
        rule = self._rule(tool)
        if rule.users and user not in rule.users:
            return "the policy does not give it to this user"
        attempt = self._attempt(tool, {})
        refusing = [one.name for one in self.exchange.guards if not one.grants(attempt, self.exchange)]
        return f"{refusing[0]} does not grant it for this request" if refusing else ""

    def judged(self, tool: str, arguments: str) -> Judged:
        """A call with its arguments as JSON."""
        if why := self.is_offered(tool):
            return Judged(why)
        given = _parsed(arguments)
        if given is None:
            return (
                Judged("its arguments are no JSON object")
                if self._rule(tool).effectful
                else Judged("", arguments)
            )
        told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        attempt = self._attempt(tool, told)
        for guard in self.exchange.guards:
            let = guard.lets(attempt, self.exchange)
            if let is None:
                return Judged(f"{guard.name} does not let it be made")
            attempt = let
        changed = {name: value for name, value in attempt.arguments.items() if value != told.get(name)}
        return Judged("", json.dumps({**given, **changed}) if changed else arguments)

    def _rule(self, tool: str) -> ToolRule:
        return (self.force.policy.tools or {}).get(tool, ToolRule())

    def _attempt(self, tool: str, told: dict[str, str]) -> Attempt:
        rule = self._rule(tool)
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


def offered(tools: Sequence[Any], bench: Bench) -> tuple[list[Any], dict[str, str]]:
    """The tools of a request that the model is told of, and why not of the others, by name."""
    reasons = {name: bench.is_offered(name) for name in map(name_of, tools)}
    kept = [tool for tool in tools if not reasons[name_of(tool)]]
    return kept, {name: why for name, why in reasons.items() if why}


def name_of(tool: Any) -> str:
    """Of a tool as a request lists it."""
    return str((tool.get("function") or tool.get("custom") or {}).get("name", tool.get("type", "")))


def _parsed(arguments: str) -> dict[str, Any] | None:
    try:
        given = json.loads(arguments or "{}")
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _says(request: str, word: str) -> bool:
    return bool(word) and re.search(rf"\b{re.escape(word)}", request, re.IGNORECASE) is not None
