"""From a Life and what is to be measured in it to one script: sessions, what is planted, and asides.

A probe that only asks does so at every checkpoint, aside. A probe with sessions of its own has
them in sessions of the life (told or planted in one, dormant, and asked at every checkpoint after), so
that an attack or a deletion is as old as the calendar says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forwhom.lives.life import Life
from forwhom.probes.probe import Probe
from forwhom.probes.scenario import Answer, Event, Scenario
from forwhom.users.user import User

NEW_SESSION, START_OVER = Event(kind="new_session"), Event(kind="start_over")
MEASURED = ("ask", "observe")


@dataclass(frozen=True)
class Aside:
    """One measured point of a life. script: of the probe alone, for `user` as they are then; leads_up: its
    asks before the last, which are measured by what comes after. planted: the sessions of the life in which
    those before its last fell. at: the checkpoint, where all of the script is asked in it; else 0."""

    probe: Probe
    script: Scenario
    user: User
    leads_up: bool = False
    planted: tuple[int, ...] = ()
    at: int = 0

    def answer(self, given: Answer, earlier: Sequence[tuple[Aside, Answer]]) -> Answer:
        """`given` with the answers that led up to it in the same probe and item."""
        own = tuple(
            answer for aside, answer in earlier
            if aside.leads_up and aside.at == self.at
            and (aside.probe.id, aside.script.item) == (self.probe.id, self.script.item)
        )  # fmt: skip
        return given.model_copy(update={"earlier": own})


@dataclass(frozen=True)
class LivedScript:
    """events, and for every ask and observe among them the Aside that it is, or None for one of the life."""

    events: tuple[Event, ...]
    asides: tuple[Aside | None, ...]


def sessions_of(script: Scenario) -> list[list[Event]]:
    """The events of each of its sessions."""
    found: list[list[Event]] = [[]]
    for event in script.events:
        if event.kind == "new_session":
            found.append([])
        else:
            found[-1].append(event)
    return found


def only_asks(script: Scenario) -> bool:
    """Whether nothing else happens in it, so that it can be asked at checkpoints."""
    return all(event.kind in MEASURED for event in script.events)


def can_be_lived(script: Scenario) -> bool:
    """Whether nothing but asking happens in its last session, so that this can be repeated."""
    return all(event.kind in MEASURED for event in sessions_of(script)[-1])


def days(script: Scenario, at: Sequence[int], sessions: int) -> list[int]:
    """In which sessions of the life those of the script fall, without its last. Raises ValueError where
    `at` does not name one for each."""
    needed = script.sessions - 1
    if needed >= sessions:
        raise ValueError(f"lives of at least {needed + 1} sessions, as many as it has; found {sessions}")
    if not at:  # the first early, the others evenly until the middle, or the end where there is no room
        early, until = max(2, sessions // 7), max(sessions // 2, needed + 1)
        at = sorted({early + place * until // needed for place in range(needed)})
        if len(at) < needed or at[-1] >= sessions:
            at = [1 + place * (sessions - 1) // needed for place in range(needed)]
    is_within = min(at, default=1) >= 1 and max(at, default=1) < sessions
    if len(at) != needed or list(at) != sorted(set(at)) or not is_within:
        wanted = f"{needed} different sessions before the last, {sessions}, in their order"
        raise ValueError(f"{wanted}; found {list(at)}")
    return list(at)


def repeated(
    life: Life, asked: Sequence[tuple[Probe, str]], checkpoints: Sequence[int], users: Sequence[User],
    *, afresh: bool = False,
) -> LivedScript:  # fmt: skip
    """The life, and at each checkpoint every item of `asked`.

    afresh: only the sessions of the checkpoints are lived, each by a system that remembers nothing before.
    """
    script = _Writing()
    for session, events in enumerate(life.sessions, start=1):
        is_checkpoint = session in checkpoints
        if afresh and is_checkpoint:
            script.add(START_OVER)
        if is_checkpoint or not afresh:
            script.add(*events)
        if is_checkpoint:
            person = life.person(session)
            for probe, item in asked:
                own = probe.scenario(person, item, users)
                for event in own.events:
                    is_last = event is own.events[-1]
                    script.measure(event, Aside(probe, own, person, leads_up=not is_last, at=session))
        script.add(NEW_SESSION)
    return script.done()


def spread(
    life: Life, probe: Probe, item: str, at: Sequence[int], checkpoints: Sequence[int],
    users: Sequence[User],
) -> LivedScript:  # fmt: skip
    """The life with the probe's own sessions in those of `at`, and its last ask at every checkpoint after.

    Of the life only what is told and rated: what the system answered otherwise would be asked again for
    every item, and is nothing that these probes are about.
    """
    own = probe.scenario(life.user, item, users)
    parts = sessions_of(own)
    planted = dict(zip(at, parts, strict=False))
    script = _Writing()
    for session, events in enumerate(life.sessions, start=1):
        script.add(*(event for event in events if event.kind not in ("ask", "react")))
        person = life.person(session)
        for event in planted.get(session, ()):
            # Asks among them are part of what happens: what was answered may be remembered.
            script.add(event, of=Aside(probe, own, person, leads_up=True))
        if session in checkpoints and (not at or session > at[-1]):
            now = probe.scenario(person, item, users)
            for event in parts[-1]:
                script.measure(event, Aside(probe, now, person, planted=tuple(at)))
        script.add(NEW_SESSION)
    return script.done()


class _Writing:
    def __init__(self) -> None:
        self._events: list[Event] = []
        self._asides: list[Aside | None] = []

    def add(self, *events: Event, of: Aside | None = None) -> None:
        """of: what an ask among them is; None: one of the life."""
        self._events += events
        self._asides += [of for event in events if event.kind in MEASURED]

    def measure(self, event: Event, aside: Aside) -> None:
        self._events.append(event.model_copy(update={"aside": True}))
        self._asides.append(aside)

    def done(self) -> LivedScript:
        """Without what comes after the last measured point."""
        last = max((place for place, event in enumerate(self._events) if event.aside), default=-1)
        kept = self._events[: last + 1]
        measured = sum(event.kind in MEASURED for event in kept)
        return LivedScript(tuple(kept), tuple(self._asides[:measured]))
