"""Doors: each channel's direct messages and groups, mail and webhooks, with the policy that opens them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from forwhom.audit.finding import Place
from forwhom.audit.reach.people import (
    ANYBODY,
    Owners,
    Person,
    named_senders,
    owners_of,
    paired_senders,
    people_of,
    with_assumed,
)  # fmt: skip
from forwhom.audit.reach.settings import Path, Setting, first_set, table_at, value_at
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment
from forwhom.monitor.session import one_line

Kind = Literal["direct", "group", "mail", "webhook", "local", "clock"]
_OLD_CHANNELS = ("whatsapp", "telegram", "discord", "slack", "signal", "imessage")
_NO_CHANNELS = ("defaults", "modelByChannel")
_UNLIMITED = ("discord", "slack", "msteams")
"""Channels whose listed rooms take anybody of the room, unless the room names its users."""


@dataclass(frozen=True)
class Door:
    """policy: what lets it exist, of a group the room's line. opener: what lets a stranger in, if anybody
    can come. room: of a group, its id, "*" for any. settings: paths of the room's own, most general first;
    of a hook, its mapping."""

    name: str
    kind: Kind
    channel: str
    policy: Setting
    people: tuple[Person, ...]
    account: str = "default"
    room: str = ""
    server: str = ""
    settings: tuple[Path, ...] = ()
    opener: Setting | None = None

    @property
    def is_open(self) -> bool:
        return self.opener is not None

    @property
    def place(self) -> Place:
        return self.policy.place


def doors_of(deployment: Deployment) -> tuple[Door, ...]:
    """That anybody is let in through, in order of the configuration."""
    config = deployment.config
    found: list[Door] = []
    owners = owners_of(config)
    for channel, root in _channels(config):
        senders = [
            one
            for _, path in _accounts(config, root)
            for one, _ in named_senders(config, channel, *_direct_lists(root, path))
        ]
        owners = with_assumed(owners, channel, [*senders, *paired_senders(deployment, channel)])
        for account, path in _accounts(config, root):
            found += _direct(deployment, owners, channel, account, root, path)
            found += _groups(config, owners, channel, account, root, path)
    return (*found, *hooks_of(config))


def _channels(config: Config) -> Iterator[tuple[str, Path]]:
    for channel, told in config.table("channels").items():
        if channel not in _NO_CHANNELS and isinstance(told, dict) and told.get("enabled") is not False:
            yield channel, ("channels", channel)
    for channel in _OLD_CHANNELS:
        if isinstance(config.get(channel), dict) and "channels" not in config.values:
            yield channel, (channel,)


def _accounts(config: Config, root: Path) -> list[tuple[str, Path]]:
    accounts = [
        name
        for name, told in table_at(config, (*root, "accounts")).items()
        if isinstance(told, dict) and told.get("enabled") is not False
    ]
    return [(name, (*root, "accounts", name)) for name in accounts] or [("default", root)]


def _direct_lists(root: Path, path: Path) -> list[Path]:
    return [(*one, *rest) for one in (path, root) for rest in (("allowFrom",), ("dm", "allowFrom"))]


def _direct(
    deployment: Deployment, owners: Owners, channel: str, account: str, root: Path, path: Path
) -> Iterator[Door]:
    config = deployment.config
    spelled = [(*one, *rest) for one in (path, root) for rest in (("dm", "policy"), ("dmPolicy",))]
    policy = first_set(config, spelled, "pairing")
    if policy.value == "disabled" or value_at(config, (*root, "dm", "enabled")) is False:
        return
    senders = list(named_senders(config, channel, *_direct_lists(root, path)))
    if policy.value == "open":
        senders.append((ANYBODY, policy.place))
    else:
        senders += [(one, policy.place) for one in paired_senders(deployment, channel)]
    people = people_of(owners, channel, senders)
    names = {one.name for one in people}
    if "anybody" in names and "owner" not in names and owners.is_named_for(channel):
        people = (*people, Person("owner", "owner", config.place("commands", "ownerAllowFrom")))
    stranger = next((one.place for one in people if one.kind == "anybody"), None)
    opener = None
    if stranger is not None:
        written = Setting(".".join((*path, "allowFrom")), ANYBODY, stranger, is_default=False)
        opener = policy if policy.value == "open" else written
    if people:
        name = f"{_named(channel, account)}, direct messages"
        yield Door(name, "direct", channel, policy, people, account, opener=opener)


def _named(channel: str, account: str) -> str:
    channel, account = one_line(channel, 40), one_line(account, 40)
    return channel if account == "default" else f"{channel} ({account})"


def _groups(
    config: Config, owners: Owners, channel: str, account: str, root: Path, path: Path
) -> Iterator[Door]:
    written = [(*path, "groupPolicy"), (*root, "groupPolicy"), ("channels", "defaults", "groupPolicy")]
    policy = first_set(config, written, "allowlist")
    if policy.value == "disabled":
        return
    lists = [(*one, key) for key in ("groupAllowFrom", "allowFrom") for one in (path, root)]
    rooms = list(_rooms(config, root, path))
    where = _named(channel, account)
    for room, server, settings in rooms:
        at = settings[-1]
        own = Setting(".".join(at), "let in", config.place(*at), is_default=False)
        its_own = [(*one, key) for one in reversed(settings) for key in ("allowFrom", "users")]
        senders = list(named_senders(config, channel, *its_own))
        opener = policy if policy.value == "open" else own
        if not senders and "open" in (policy.value, table_at(config, at).get("groupPolicy")):
            senders = [(ANYBODY, opener.place)]
        elif not senders and channel in _UNLIMITED:
            senders = [(ANYBODY, own.place)]
        elif not senders:
            senders = list(named_senders(config, channel, *lists))
        door = Door(where, "group", channel, own, (), account, room, server, settings, opener)
        yield _of_people(door, people_of(owners, channel, senders))
    if not rooms or (policy.value == "open" and not any(room == ANYBODY for room, _, _ in rooms)):
        senders = list(named_senders(config, channel, *lists[:2]))
        if policy.value == "open":
            senders = [(ANYBODY, policy.place)]
        if senders:
            door = Door(where, "group", channel, policy, (), account, ANYBODY, opener=policy)
            yield _of_people(door, people_of(owners, channel, senders))


def _of_people(door: Door, people: tuple[Person, ...]) -> Door:
    """A group's door with its people: in a room that is named, anybody is a member of it."""
    is_any = door.room == ANYBODY
    who = tuple(
        one
        if is_any or one.kind != "anybody"
        else Person(f"members of {one_line(door.room, 60)}", "members", one.place)
        for one in people
    )
    is_open = any(one.kind == "anybody" for one in who)
    name = f"{door.name}, any group" if is_any else f"{door.name}, group {one_line(door.room, 60)}"
    return replace(door, name=name, people=who, opener=door.opener if is_open else None)


def _rooms(config: Config, root: Path, path: Path) -> Iterator[tuple[str, str, tuple[Path, ...]]]:
    """Id, server, and the paths of its settings, as each channel nests them."""
    for start in dict.fromkeys((root, path)):
        for key in ("groups", "channels", "rooms", "spaces"):
            table = table_at(config, (*start, key))
            general: tuple[Path, ...] = ((*start, key, ANYBODY),) if ANYBODY in table else ()
            for room, told in table.items():
                if _is_on(told):
                    yield room, "", (*general, (*start, key, room)) if room != ANYBODY else general
        for key in ("guilds", "teams"):
            for server in table_at(config, (*start, key)):
                of_server: Path = (*start, key, server)
                rooms = table_at(config, (*of_server, "channels"))
                for room, told in rooms.items():
                    if _is_on(told):
                        yield room, server, (of_server, (*of_server, "channels", room))
                if not rooms:
                    yield f"of {server}" if server != ANYBODY else ANYBODY, server, (of_server,)


def _is_on(told: Any) -> bool:
    return not (isinstance(told, dict) and (told.get("enabled") is False or told.get("allow") is False))


def hooks_of(config: Config) -> Iterator[Door]:
    """Mail and webhooks: what others write comes in with nobody of the household at the keyboard."""
    if config.get("hooks", "enabled") is True:
        has_mail = False
        at: Path
        for number, told in enumerate(config.items("hooks", "mappings")):
            if not isinstance(told, dict):
                continue
            match = told.get("match")
            path = str(match.get("path") or match.get("source") or "") if isinstance(match, dict) else ""
            at = ("hooks", "mappings", str(number))
            is_mail = any(one in f"{path} {told.get('id', '')}".lower() for one in ("mail", "imap"))
            has_mail |= is_mail
            yield _hook(config, "mail" if is_mail else "webhook", path or str(told.get("id") or number), at)
        presets = [str(one).lower() for one in config.items("hooks", "presets")]
        if not has_mail and ("gmail" in presets or config.is_set("hooks", "gmail")):
            at = ("hooks", "presets") if "gmail" in presets else ("hooks", "gmail")
            yield _hook(config, "mail", "gmail", at)
        if not config.items("hooks", "mappings") and not has_mail and not presets:
            yield _hook(config, "webhook", "agent", ("hooks", "enabled"))
    imap = ("plugins", "entries", "imap")
    if table_at(config, imap) and table_at(config, imap).get("enabled") is not False:
        for account in table_at(config, (*imap, "config", "accounts")) or {"": {}}:
            at = (*imap, "config", "accounts", account) if account else imap
            yield _hook(config, "mail", f"imap {account}".strip(), at)


def _hook(config: Config, kind: Literal["mail", "webhook"], name: str, at: Path) -> Door:
    line = (*at, "id") if config.is_set(*at, "id") else at
    policy = Setting(".".join(at), True, config.place(*line), is_default=False)
    whose = "whoever writes to the mailbox" if kind == "mail" else "whoever the webhook reports on"
    return Door(
        f"hook {one_line(name, 60)}", kind, name, policy, (Person(whose, kind, policy.place),), settings=(at,)
    )
