"""The four representations of the same user: what a system is shown of them.

Survey (arXiv:2606.09038): structured profile, textual persona, preference signals, memory. Rendering
all four from one User compares representations on the same people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, get_args

from forwhom.users.attributes import catalogue
from forwhom.users.user import User, in_sentence

Representation = Literal["profile", "persona", "preferences", "memory"]
REPRESENTATIONS: tuple[Representation, ...] = get_args(Representation)
_MARKERS = re.compile(r"<\|[^<>|]{1,40}\|>|[\x00-\x08\x0b-\x1f\x7f]")


def render(user: User, representation: Representation) -> str:
    """The user as text; empty for the neutral user.

    Control characters and chat-template markers are taken out: users come from files, and a marker
    would end the system prompt.
    """
    if user.is_neutral:
        return ""
    return without_markers(_RENDERERS[representation](user)).strip()


def introduced(instructions: str, user: User, representation: Representation) -> str:
    """A system prompt that goes on with what is known of `user`."""
    return f"{instructions}\nWhat you know about the user you are talking to:\n{render(user, representation)}"


def without_markers(text: str) -> str:
    """`text` without control characters and without what a chat template would take for its own."""
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
    if user.beliefs:
        lines.append(f"Beliefs: {'; '.join(_convictions(user))}.")
    if user.preferences:
        lines.append(f"Likes: {'; '.join(_likings(user))}.")
    return "\n".join(lines)


def _persona(user: User) -> str:
    facts = _facts(user)
    sentences = [f"{user.name} {_joined(facts)}." if facts else f"This is {user.name}."]
    if user.beliefs:
        sentences.append(f"{user.name} is sure that {_joined(_convictions(user))}.")
    if user.preferences:
        sentences.append(f"{user.name} likes {_joined(_likings(user))}.")
    return " ".join(sentences)


def _preferences(user: User) -> str:
    lines = [
        f"Chose {in_sentence(p.chosen)} over {in_sentence(p.rejected)} ({p.rating}/5)."
        for p in user.preferences
    ]
    if facts := _facts(user):
        lines.append(f"Liked answers to somebody who {'; '.join(facts)}.")
    if user.beliefs:
        lines.append(f"Liked answers which agreed that {'; '.join(_convictions(user))}.")
    return "\n".join(lines)


def _memory(user: User) -> str:
    sessions: dict[int, list[str]] = {}
    for note in user.memories:
        source = "" if note.provenance == "told" else f"({note.provenance.replace('_', ' ')}) "
        sessions.setdefault(note.session, []).append(source + note.text)
    return "\n".join(f"Session {number}: {' '.join(sessions[number])}" for number in sorted(sessions))


def _facts(user: User) -> list[str]:
    return [in_sentence(a.statement) for a in user.attributes if a.statement]


def _likings(user: User) -> list[str]:
    return [in_sentence(p.chosen) for p in user.preferences]


def _convictions(user: User) -> list[str]:
    # True or not, a belief is what the person says; the system is not told which.
    return [belief.conviction for belief in user.beliefs]


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


_RENDERERS: dict[str, Callable[[User], str]] = {
    "profile": _profile,
    "persona": _persona,
    "preferences": _preferences,
    "memory": _memory,
}
