"""The four representations of the same user: what a system is shown of them.

Survey (arXiv:2606.09038): structured profile, textual persona, preference signals, memory. Rendering
all four from one User compares representations on the same people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, get_args

from forwhom.users.attributes import catalogue
from forwhom.users.user import User

Representation = Literal["profile", "persona", "preferences", "memory"]
REPRESENTATIONS: tuple[str, ...] = get_args(Representation)
_MARKERS = re.compile(r"<\|[^<>|]{1,40}\|>|[\x00-\x08\x0b-\x1f\x7f]")


def render(user: User, representation: Representation) -> str:
    """The user as text; empty for the neutral user.

    Control characters and chat-template markers are taken out: users come from files, and a marker
    would end the system prompt.
    """
    if user.is_neutral:
        return ""
    return _without_markers(_RENDERERS[representation](user)).strip()


def _without_markers(text: str) -> str:
    # Taking one out may join the halves of another, so go on until nothing is left to take.
    while (cleaned := _MARKERS.sub("", text)) != text:
        text = cleaned
    return text


def _profile(user: User) -> str:
    lines = [f"Name: {user.name}"]
    for attribute in user.attributes:
        if attribute.statement:
            domain = catalogue().get(attribute.domain)
            lines.append(f"{domain.label if domain else attribute.domain}: {attribute.statement}")
    lines += [f"Belief: {belief.statement}" for belief in user.beliefs if not belief.is_true]
    return "\n".join(lines)


def _persona(user: User) -> str:
    facts = [a.statement.rstrip(".") for a in user.attributes if a.statement]
    facts = [fact[0].lower() + fact[1:] for fact in facts]
    told = f"{user.name} {_joined(facts)}." if facts else f"This is {user.name}."
    beliefs = " ".join(f'{user.name} says: "{b.statement}"' for b in user.beliefs if not b.is_true)
    return f"{told} {beliefs}"


def _preferences(user: User) -> str:
    lines = [
        f'Asked "{p.prompt}" they chose "{p.chosen}" over "{p.rejected}" (rated {p.rating} of 5).'
        for p in user.preferences
    ]
    lines += [
        f"Liked an answer that took this into account: {a.statement}" for a in user.attributes if a.statement
    ]
    lines += [f'Liked an answer that agreed: "{b.statement}"' for b in user.beliefs if not b.is_true]
    return "\n".join(lines)


def _memory(user: User) -> str:
    return "\n".join(f"[session {m.session}, {m.provenance}] {m.text}" for m in user.memories)


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


_RENDERERS: dict[str, Callable[[User], str]] = {
    "profile": _profile,
    "persona": _persona,
    "preferences": _preferences,
    "memory": _memory,
}
