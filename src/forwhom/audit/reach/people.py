"""Who may speak through a door: the owner, people let in by name or by pairing, everybody.

OpenClaw names an owner in commands.ownerAllowFrom. Where it does not, the first sender of a channel's
allowlist, or the first who was paired, is taken for the owner: an assumption, which findings tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from forwhom.audit.finding import Place
from forwhom.audit.reach.settings import Path, as_list, entries_at
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment
from forwhom.monitor.session import one_line

Who = Literal["owner", "person", "anybody", "members", "mail", "webhook", "itself"]
ANYBODY = "*"


@dataclass(frozen=True)
class Person:
    """name: the same for the same person, as far as the configuration says. place: what lets them in. id: as
    their channel has it."""

    name: str
    kind: Who
    place: Place
    id: str = ""
    is_assumed: bool = False

    @property
    def is_other(self) -> bool:
        return self.kind in ("person", "anybody", "members", "mail", "webhook")


def bare(entry: str, channel: str = "") -> str:
    """A sender's id without prefixes: 'tg:123', 'telegram:123' and '123' are one."""
    told = one_line(entry, 80).lower().removesuffix("@s.whatsapp.net")
    for prefix in (f"{channel}:", "tg:", "user:", "direct:", "dm:"):
        if prefix != ":":
            told = told.removeprefix(prefix)
    return told.lstrip("+@") if not told.startswith("@") else told


@dataclass(frozen=True)
class Owners:
    """ids: of the owner, by channel; "*" for any. links: 'channel:id' to the name they share."""

    ids: frozenset[tuple[str, str]]
    links: dict[str, str]
    assumed: frozenset[tuple[str, str]] = frozenset()

    def is_named_for(self, channel: str) -> bool:
        return any(one in (channel, ANYBODY) for one, _ in self.ids)

    def is_owner(self, channel: str, entry: str) -> bool:
        told = bare(entry, channel)
        keys = {(channel, told), (ANYBODY, told)}
        name = self.links.get(f"{channel}:{told}")
        linked = {tuple(key.split(":", 1)) for key, one in self.links.items() if name and one == name}
        return bool((keys | linked) & (self.ids | self.assumed))

    def name(self, channel: str, entry: str) -> str:
        told = bare(entry, channel)
        return self.links.get(f"{channel}:{told}", f"{channel}:{told}")


def owners_of(config: Config) -> Owners:
    ids = set()
    for entry in as_list(config.get("commands", "ownerAllowFrom")):
        channel, _, rest = entry.partition(":")
        known = bool(rest) and channel.isalpha()
        ids.add((channel.lower(), bare(rest)) if known else (ANYBODY, bare(entry)))
    links = {}
    for name, told in config.table("session", "identityLinks").items():
        for one in as_list(told):
            channel, _, rest = one.partition(":")
            links[f"{channel.lower()}:{bare(rest)}"] = str(name)
    return Owners(frozenset(ids), links)


def named_senders(config: Config, channel: str, *paths: Path) -> Iterator[tuple[str, Place]]:
    """Senders of the first list that is written; access groups are opened."""
    for path in paths:
        entries = list(entries_at(config, path))
        for entry, place in entries:
            if entry.startswith("accessGroup:"):
                members = ("accessGroups", entry.partition(":")[2], "members")
                for key in (ANYBODY, channel):
                    yield from entries_at(config, (*members, key))
            elif entry:
                yield entry, place
        if entries:
            return


def paired_senders(deployment: Deployment, channel: str) -> Iterator[str]:
    for key, senders in (deployment.paired or {}).items():
        if key == channel or key.startswith((f"{channel}:", f"{channel}-", f"{channel}/")):
            yield from senders


def people_of(owners: Owners, channel: str, senders: Iterable[tuple[str, Place]]) -> tuple[Person, ...]:
    """Each once, in order."""
    found: dict[str, Person] = {}
    for entry, place in senders:
        if entry == ANYBODY:
            person = Person("anybody", "anybody", place)
        elif owners.is_owner(channel, entry):
            told = bare(entry, channel)
            person = Person("owner", "owner", place, told, is_assumed=(channel, told) in owners.assumed)
        else:
            person = Person(owners.name(channel, entry), "person", place, bare(entry, channel))
        found.setdefault(person.name, person)
    return tuple(found.values())


def with_assumed(owners: Owners, channel: str, senders: Iterable[str]) -> Owners:
    """Where nobody is named as the owner on a channel, its first sender is taken for them."""
    told = [one for one in senders if one != ANYBODY]
    if not told or owners.is_named_for(channel) or any(owners.is_owner(channel, one) for one in told):
        return owners
    return Owners(owners.ids, owners.links, owners.assumed | {(channel, bare(told[0], channel))})
