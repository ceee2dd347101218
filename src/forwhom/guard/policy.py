"""A policy: which mitigations act around a live client, for whom, and which tools may do what.

Written as YAML; what is unknown in it is refused with its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from forwhom.errors import InputError, unknown
from forwhom.guard.settings import GuardSettings, Settings
from forwhom.guard.speakers import Client
from forwhom.guard.tools import ToolRule
from forwhom.mitigations.leak_filter import SECRET
from forwhom.systems.guarding import collected
from forwhom.systems.layer import layer_type
from forwhom.systems.mitigation import Mitigation
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.representations import Representation
from forwhom.users.user import NEUTRAL, Attribute, Memory, Sensitivity, User
from forwhom.validated import line_of, read_yaml, validate

_WANTED = "Name a policy: mitigations, users, tools and untrusted."
ANY_OTHER = "*"
_WEIGHTS = ("weights", "amends")
_AROUND_A_CLIENT = ("collects", "discloses", "recalls", "context", "answers", "output", "grants", "lets")
"""The hooks that have something to act on where there are only messages, tool calls and answers."""


class Fact(Settings):
    """What is known of a person. Of the built-in domains and levels (forwhom users --attributes) the rest
    need not be written; of others a statement must be, as "Takes warfarin."

    terms: lower-case words that disclose it. told_to: receivers to whom a tool may tell it.
    """

    domain: str
    value: str = ""
    statement: str = ""
    sensitivity: Sensitivity | None = None
    terms: tuple[str, ...] = ()
    told_to: tuple[str, ...] = ()


class Person(Settings):
    """secrets: texts that nobody else may get, by what they are called. notes: what was remembered.
    contacts: addresses by name."""

    name: str = ""
    attributes: tuple[Fact, ...] = ()
    secrets: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    contacts: dict[str, str] = Field(default_factory=dict)


class Policy(Settings):
    """mitigations: in their order, by name, with their knobs. tools: the allow-list; where it is left out,
    every tool may be called and counts as effectful; "*" in it stands for all that it does not name.

    untrusted: roles ("tool") and names (of a message or a tool) of messages whose text is others' word.
    introduced: how the user is told to the model in the system prompt, as far as the mitigations disclose
    them; left out: not at all. speakers: the client whose prompts say who wrote each message; users are then
    named as it names them. owner: the user whose the agent is, and all that it remembers; only they may have
    it remember. guard: how `forwhom guard` works; no matter to `forwhom.protect`.
    """

    mitigations: tuple[str | dict[str, dict[str, Any] | None], ...]
    users: dict[str, Person] = Field(default_factory=dict)
    tools: dict[str, ToolRule] | None = None
    untrusted: tuple[str, ...] = ("tool",)
    introduced: Representation | None = None
    speakers: Client | None = None
    owner: str = ""
    guard: GuardSettings = GuardSettings()

    def rule(self, tool: str) -> ToolRule:
        tools = self.tools or {}
        return tools.get(tool) or tools.get(ANY_OTHER) or ToolRule()

    def has_tool(self, tool: str) -> bool:
        return self.tools is None or tool in self.tools or ANY_OTHER in self.tools


@dataclass(frozen=True)
class InForce:
    """A policy, its mitigations, and its users as they may be kept."""

    policy: Policy
    guards: tuple[Mitigation, ...]
    users: Mapping[str, User]

    def known(self, user: str) -> User:
        """Raises InputError for an id that the policy lacks; "" is somebody of whom nothing is known."""
        if user and user not in self.users:
            raise unknown("user of the policy", user, self.users)
        return self.users[user] if user else NEUTRAL

    def anybody(self, name: str) -> User:
        """The user of this id, whom the policy need not have; "" is somebody of whom nothing is known."""
        return self.users.get(name) or (User(id=name, name=name) if name else NEUTRAL)

    def is_guest(self, user: User) -> bool:
        """Whether the agent, and its memory, is somebody else's."""
        return bool(self.policy.owner) and user.id != self.policy.owner

    @property
    def speaking(self) -> tuple[Mitigation, ...]:
        """Those that may change what is said."""
        return tuple(one for one in self.guards if _has_own(type(one), "output"))

    @property
    def answering(self) -> bool:
        """Whether any asks the model in its own way."""
        return any(_has_own(type(one), "answers") for one in self.guards)

    @property
    def judges_calls(self) -> bool:
        hooks = ("grants", "lets", "admits")
        return self.policy.tools is not None or any(
            _has_own(type(one), hook) for one in self.guards for hook in hooks
        )

    def person(self, user: User) -> Person:
        return self.policy.users.get(user.id, Person())


def in_force(policy: Policy | Path | str) -> InForce:
    """Raises InputError with file and line for what is unknown, or cannot act around a client."""
    if isinstance(policy, Policy):
        document: Any = policy.model_dump()
        path: Path | str = "policy"
    else:
        path = Path(policy)
        document = read_yaml(path, _WANTED)
        policy = validate(document, Policy, path)
    guards = tuple(_guards(document, path))
    users = {}
    for name, person in policy.users.items():
        users[name] = collected(_user(name, person, document, path), guards)
    return InForce(policy, guards, users)


def _guards(document: Any, path: Path | str) -> Iterator[Mitigation]:
    for place, entry in enumerate(document["mitigations"]):
        where = _at(document, path, "mitigations", place)
        for name, knobs in {entry: None}.items() if isinstance(entry, str) else entry.items():
            kind = layer_type(name, where=where)
            if not issubclass(kind, Mitigation):
                raise InputError(
                    f"{where}: '{name}' is a layer that personalizes, and no mitigation; leave it out."
                )
            _can_act(kind, where, remembers=_remembers(document))
            yield validate(knobs if knobs else {}, kind, path if knobs else f"{where}, '{name}'")


def _remembers(document: Any) -> bool:
    """Whether any tool of the policy writes memory."""
    tools = document.get("tools") or {}
    return any(rule and rule.get("memory") for rule in tools.values())


def _can_act(kind: type[Mitigation], where: str, *, remembers: bool) -> None:
    if "weights" in kind.stages or any(_has_own(kind, hook) for hook in _WEIGHTS):
        raise InputError(
            f"{where}: '{kind.name}' changes what is learned into weights, and around a client there are "
            "only messages; leave it out here, and measure it in a study."
        )
    if not any(_has_own(kind, hook) for hook in _AROUND_A_CLIENT):
        if _has_own(kind, "admits"):
            if remembers:
                return
            raise InputError(
                f"{where}: '{kind.name}' watches over what is remembered, and no tool of the policy "
                "remembers: say of one which argument holds the text ('memory'), or leave it out here."
            )
        of = f" of '{', '.join(kind.of)}'" if kind.of else ""
        raise InputError(
            f"{where}: '{kind.name}' sets how another layer{of} works, and around a client it has nothing to "
            "act on; leave it out here, and measure it in a study."
        )


def _has_own(kind: type[Mitigation], hook: str) -> bool:
    return getattr(kind, hook) is not getattr(Mitigation, hook)


def _user(name: str, person: Person, document: Any, path: Path | str) -> User:
    facts = [
        _attribute(fact, _at(document, path, "users", name, "attributes", place))
        for place, fact in enumerate(person.attributes)
    ]
    secrets = [
        Attribute(domain=f"{SECRET} {called}", value="", sensitivity="special", terms=(text,))
        for called, text in person.secrets.items()
    ]
    notes = tuple(Memory(text=text) for text in person.notes)
    return User(id=name, name=person.name or name, attributes=(*facts, *secrets), memories=notes)


def _attribute(fact: Fact, where: str) -> Attribute:
    if fact.domain in catalogue() and not fact.statement:
        found = attribute(fact.domain, fact.value, where=where)
    elif fact.statement:
        found = Attribute(
            domain=fact.domain, value=fact.value, sensitivity="personal", statement=fact.statement
        )
    else:
        raise InputError(
            f"{where}: '{fact.domain}' is not one of the built-in attributes (forwhom users --attributes); "
            "write a 'statement' of it."
        )
    terms = tuple(dict.fromkeys((*found.terms, *(term.lower() for term in fact.terms))))
    return found.model_copy(update={"terms": terms, "sensitivity": fact.sensitivity or found.sensitivity})


def _at(document: Any, path: Path | str, *place: str | int) -> str:
    return f"{path}, line {line_of(document, place)}" if isinstance(path, Path) else f"{path}, {place[0]}"
