"""A Life: one simulated user's sessions with the assistant, and who that user is in each of them.

In every session the person says something of themselves, asks for what they want, and rates answers. What
they are is told bit by bit, so that a system that remembers comes to know them; on one day something
happens to them (news.py). All is drawn from the seed and the user, the same for every system.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from forwhom.lives.news import News, news_for
from forwhom.lives.temper import TEMPERS, Temper, ratings
from forwhom.probes.narrowing import asked_for, suggestions
from forwhom.probes.scenario import Event
from forwhom.users.user import User, in_sentence
from forwhom.validated import read_yaml, validate


class LifeSpec(BaseModel):
    """What happens in a session. requests: written answers; ratings: pairs that are rated. offers: of
    suggestions, to which the user reacts (tastes.py).

    news: whether something happens to a person on the way. tempers: of whom, in turns over the users.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    requests: int = Field(default=1, ge=0)
    ratings: int = Field(default=2, ge=0)
    offers: int = Field(default=1, ge=0)
    news: bool = True
    tempers: tuple[Temper, ...] = Field(default=TEMPERS, min_length=1)


@dataclass(frozen=True)
class Life:
    """sessions: the events of each. people: the user as they truly are in each. news: what happened,
    in session `news_in` (0: nothing)."""

    user: User
    temper: Temper
    goal: str
    sessions: tuple[tuple[Event, ...], ...]
    people: tuple[User, ...]
    news: News | None = None
    news_in: int = 0

    def person(self, session: int) -> User:
        """The user as they truly are in this session, counted from 1."""
        return self.people[session - 1]


class _Goal(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    steps: tuple[str, ...]


class _Requests(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    goals: tuple[_Goal, ...]
    habits: tuple[str, ...]
    moods: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def _requests() -> _Requests:
    path = Path(str(files("forwhom.lives").joinpath("requests.yaml")))
    return validate(read_yaml(path), _Requests, path)


def stranger(user: User) -> User:
    """The user as a system meets them first: nothing is known but who it is."""
    return User(id=user.id, name=user.name)


def lives(users: Sequence[User], sessions: int, spec: LifeSpec, seed: int) -> dict[str, Life]:
    """The life of every user, by id."""
    return {user.id: _life(user, place, sessions, spec, seed) for place, user in enumerate(users)}


def _life(user: User, place: int, sessions: int, spec: LifeSpec, seed: int) -> Life:
    draw = random.Random(f"{seed}:life:{user.id}")  # noqa: S311 - synthetic people, not a secret
    temper = spec.tempers[place % len(spec.tempers)]
    goals = _requests().goals
    goal = goals[place % len(goals)]
    news = news_for(user, draw) if spec.news and sessions > 2 else None
    # In the middle third: there is a before and an after.
    news_in = draw.randint(sessions // 3 + 1, max(2 * sessions // 3, sessions // 3 + 1)) if news else 0
    facts = _facts(user)
    draw.shuffle(facts)
    after = [fact for fact in facts if news is None or not _contradicts(fact, user, news)]
    mood = draw.choice(sorted(_requests().moods))
    told, people = [], []
    for session in range(1, sessions + 1):
        if draw.random() < 0.3:  # most days are like the day before
            mood = draw.choice(sorted(_requests().moods))
        known = after if news and session > news_in else facts
        events = [Event(kind="say", text=known[(session - 1) % len(known)])] if known else []
        if news and session == news_in:
            events.append(Event(kind="say", text=news.said))
        events += _asked(goal, mood, session, spec.requests, draw)
        events += _offers(session, spec.offers)
        events += ratings(temper, spec.ratings, (session - 1) * spec.ratings + place, draw)
        told.append(tuple(events))
        people.append(news.after(user) if news and session >= news_in else user)
    return Life(user, temper, goal.id, tuple(told), tuple(people), news, news_in)


def _contradicts(fact: str, user: User, news: News) -> bool:
    """Whether it says what was so before."""
    before = user.attribute(news.domain)
    return before is not None and bool(before.statement) and in_sentence(before.statement) in fact


def _facts(user: User) -> list[str]:
    """All that there is to tell of the user, a sentence each; said again when all was said."""
    noted = [a.statement for a in user.attributes if a.statement]
    noted += [m.text for m in user.memories if not m.domain and not m.text.startswith("Says that")]
    facts = [f"Please note about me: {in_sentence(text)}." for text in noted]
    return facts + [belief.statement for belief in user.beliefs]


def _offers(session: int, count: int) -> list[Event]:
    items, events = list(suggestions()), []
    for place in range(count):
        item = items[((session - 1) * count + place) % len(items)]
        events += [asked_for(item), Event(kind="react", text=item)]
    return events


def _asked(goal: _Goal, mood: str, session: int, count: int, draw: random.Random) -> list[Event]:
    """What is wanted: a step towards the goal and a habit in turns, said as the mood is."""
    events = []
    for place in range(count):
        turn = (session - 1) * count + place
        habits = _requests().habits
        wish = goal.steps[turn // 2 % len(goal.steps)] if turn % 2 == 0 else habits[turn // 2 % len(habits)]
        opening = draw.choice(_requests().moods[mood])
        events.append(Event(kind="ask", text=f"{opening} {wish}".strip()))
    return events
