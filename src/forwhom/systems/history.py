"""What a user's history holds to learn from: conversations, as a deployment keeps them.

Of the person: the answers that they preferred, and what was noted of them. Of the script: what was said,
shown and rated in earlier sessions, by whomever; a deployment that trains on its traffic does not sort it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from inspect_ai.model import ChatMessageUser

from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.models.lora import Example
from forwhom.users.representations import render
from forwhom.users.user import User

ACKNOWLEDGED = "Thank you, I have noted that."
"""What a system says to whatever is told, so that scripts are the same for every system."""

_ASKED_OF_NOTES = ("What do you remember about me?", "What do you know about me?", "Tell me what I told you.")
_TOLD = ("say", "document")


def own_history(user: User) -> list[Example]:
    """Every preferred answer and every note of `user`, in their order."""
    liked = [_example(preference.prompt, preference.chosen) for preference in user.preferences]
    noted = [
        _example(_ASKED_OF_NOTES[place % len(_ASKED_OF_NOTES)], memory.text)
        for place, memory in enumerate(user.memories)
    ]
    return liked + noted


def last_update(session: int, every: int) -> int:
    """The session at whose beginning a system that learns after each `every` sessions last learned.

    What happened before that session is learned in `session`; later things are not yet.
    """
    return (session - 1) // every * every + 1


def earlier_sessions(log: Sequence[Happening], user: User, session: int) -> list[Example]:
    """What `log` holds of the sessions before `session`; not what another user said."""
    return [_of_event(one) for one in log if one.session < session and _is_learned(one, user)]


def _is_learned(one: Happening, user: User) -> bool:
    return not one.is_by_another(user) and (
        one.kind in _TOLD or (one.kind == "feedback" and bool(one.options))
    )


def _of_event(one: Happening) -> Example:
    return _example(one.text, one.options[0] if one.kind == "feedback" else ACKNOWLEDGED)


def _example(said: str, answer: str) -> Example:
    return Example((ChatMessageUser(content=said),), answer)


def others_of_group(exchange: Exchange, size: int) -> list[User]:
    """The others of the user's group, which are every `size` users in the order of the population.

    Nobody, for a size of 1 and for a user who is not in the population.
    """
    everyone = list(exchange.population)
    places = [place for place, one in enumerate(everyone) if one.id == exchange.known.id]
    if size == 1 or not places:
        return []
    first = places[0] // size * size
    return [one for one in everyone[first : first + size] if one.id != exchange.known.id]


def as_of(exchange: Exchange, session: int) -> Exchange:
    """`exchange` as it was when this earlier session began, without what was forgotten since."""
    known = exchange.known_at_first
    for one in exchange.log:
        if one.kind == "forget" and one.is_by(exchange.known):
            known = known.forgetting(one.text)
        elif one.kind == "edit_profile" and one.session < session:
            known = known.with_note(one.text, one.session, "told" if one.actor else "third_party")
    then = copy(exchange)
    then.known, then.session = known, session
    then.log = [one for one in exchange.log if one.session < session]
    return then


def as_data(examples: Sequence[Example]) -> list[list[str]]:
    """The examples as JSON, for the key of a fit."""
    return [[*(message.text for message in one.messages), one.answer] for one in examples]


def own_text(exchange: Exchange) -> str:
    """What `exchange` holds of its user's own up to now as plain text, for what learns no answers: notes,
    statements, preferences and earlier sessions. What the user asked is left out: a question that is
    measured must not change what the next one is measured with."""
    known, log = exchange.known, earlier_sessions(exchange.log, exchange.known, exchange.session)
    said = [f"{one.messages[0].text} {one.answer}".removesuffix(f" {ACKNOWLEDGED}") for one in log]
    return "\n".join(part for part in (render(known, "memory"), render(known, "preferences"), *said) if part)
