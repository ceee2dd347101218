"""Users from a file: YAML (a list) or JSONL (one a line), every error with its line and field."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from forwhom.errors import InputError, unknown
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.user import NEUTRAL, User
from forwhom.validated import line_of, read_jsonl, read_text, read_yaml, said_of

_MAX_JSONL = 50_000_000  # bytes
_WANTED = "Expected users as .yaml or, where there are many, as .jsonl."


def load_users(path: Path) -> tuple[User, ...]:
    """The users in `path`.

    `attributes` is a mapping of domain to level of the catalogue ("allergy: peanuts"), or a list of
    attributes in full. Raises InputError naming the line and the field.
    """
    if path.suffix in (".yaml", ".yml"):
        entries = _yaml_entries(path)
    else:
        entries = read_jsonl(read_text(path, _WANTED, _MAX_JSONL), path)
    users: dict[str, User] = {}
    canaries: dict[str, str] = {}
    for where, entry in entries:
        user = _user(entry, where)
        if user.id == NEUTRAL.id:
            raise InputError(f"{where}: id: 'neutral' is the user of whom nothing is known; choose another.")
        if user.id in users:
            raise InputError(f"{where}: id: '{user.id}' is taken; every user needs an id of their own.")
        if user.canary and user.canary in canaries:
            raise InputError(
                f"{where}: canary: '{user.canary}' is that of user '{canaries[user.canary]}' too; "
                "a leak could not be told apart. Give each user another."
            )
        canaries[user.canary] = user.id
        users[user.id] = user
    if len(users) < 2:
        raise InputError(f"{path}: users: {len(users)}; a study needs at least 2.")
    return tuple(users.values())


def _user(entry: Any, where: str) -> User:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected a user (fields id, name, attributes, ...), found {entry!r}.")
    entry = dict(entry)
    listed = entry.get("attributes")
    if isinstance(listed, dict):
        entry["attributes"] = [
            attribute(str(domain), str(level), where=where).model_dump() for domain, level in listed.items()
        ]
    entry.setdefault("name", entry.get("id", ""))
    try:
        user = User.model_validate(entry)
    except ValidationError as failure:
        error = failure.errors()[0]
        field = ".".join(str(part) for part in error["loc"])
        near = get_close_matches(str(error["loc"][-1]), User.model_fields, n=1)
        guess = f" Did you mean '{near[0]}'?" if error["type"] == "extra_forbidden" and near else ""
        said = "is not a field of a user." if error["type"] == "extra_forbidden" else said_of(error)
        raise InputError(f"{where}: {field}: {said}{guess}") from None
    if not user.id.strip():
        raise InputError(f"{where}: id: empty; every user needs an id of their own.")
    domains = [a.domain for a in user.attributes]
    for domain in domains:
        if domains.count(domain) > 1:
            raise InputError(f"{where}: attributes: '{domain}' is given twice; keep one of them.")
    for number, memory in enumerate(user.memories):
        if memory.domain and memory.domain not in (*domains, *catalogue()):
            raise unknown("attribute", memory.domain, {*domains, *catalogue()},
                          where=f"{where}: memories.{number}.domain")  # fmt: skip
    return user


def _yaml_entries(path: Path) -> list[tuple[str, Any]]:
    document = read_yaml(path, _WANTED)
    if not isinstance(document, list):
        raise InputError(f"{path}, line 1: expected a list of users.")
    return [(f"{path}, line {line_of(document, (i,))}", one) for i, one in enumerate(document)]
