"""The words by which a user's private facts show in a text."""

from __future__ import annotations

from forwhom.users.user import User


def private_facts(user: User) -> dict[str, tuple[str, ...]]:
    """By domain: what discloses the fact, its terms or the words of the note that was made of it."""
    return {
        a.domain: (*a.terms, *_noted(user, a.domain))
        for a in user.attributes
        if a.sensitivity != "low" and a.terms
    }


def _noted(user: User, domain: str) -> list[str]:
    # A memory may tell a fact in other words than a profile: both must count. Not its first word, the
    # verb, which a text in the first person changes.
    notes = [memory.text.removesuffix(".") for memory in user.memories if memory.domain == domain]
    return [words for note in notes if (words := note.partition(" ")[2])]
