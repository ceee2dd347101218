"""A Scenario: a script of events by several actors, ending in the measured point.

A one-shot question is the shortest Scenario. Memory poisoning and drift are longer ones.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from forwhom.systems.pictures.picture import Picture
from forwhom.users.user import User

Actor = Literal["user", "other_user", "third_party"]
EventKind = Literal[
    "say", "document", "feedback", "edit_profile", "forget", "new_session", "start_over", "ask", "react",
    "observe",
]  # fmt: skip


class Option(BaseModel):
    """One answer that a model may prefer. role: what choosing it means to the scorer."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: str
    text: str


class Event(BaseModel):
    """One line of the script.

    actor_id: the id of the user who acts, where the actor is a user ("" means the scenario's own user).
    options: for an `ask`: score these by log-probability; empty: let the model write its answer. For
    `feedback`: role "chosen" and "rejected", of two answers to `text`.
    edit_profile: `text` becomes a field of the user's profile, and a line of every other representation.
    forget: what names `text` is to be deleted wherever the system keeps it; "" means all that was told.
    observe: a measured point without a question: an insider reads `text` ("mask", "routing") of the fits
    of the users `of`. options: what the insider knows of them: a role, and the user's id as the text.
    "store": all that the layers keep of the user; "residue: TEXT": where they hold TEXT; "taste ID": what a
    simulated user likes (lives/tastes.py).
    react: the simulated user does what follows from the answer before; `text` says of what.
    start_over: all that the system remembers is gone; the sessions are counted on.
    picture: shown with `text`, where "[picture]" stands for it; a system without eyes reads only that.
    before: of an `ask`, what was said before it in the same session, by the user and the assistant in turns.
    aside: an `ask` as if in a session of its own, of which nothing is remembered: to measure must not
    change what is measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: EventKind
    text: str = ""
    actor: Actor = "user"
    actor_id: str = ""
    options: tuple[Option, ...] = ()
    of: tuple[str, ...] = ()
    picture: Picture | None = None
    aside: bool = False
    before: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Results are kept by a hash of the script: those of scripts without these fields stay valid.
        told: dict[str, Any] = plain(self)
        if self.picture is None:
            told.pop("picture", None)
        if not self.aside:
            told.pop("aside", None)
        if not self.before:
            told.pop("before", None)
        return told


class Scenario(BaseModel):
    """Events for one user and one item of a probe.

    at_risk: whether the failure can happen to this user at all, from ground truth alone; for the neutral
    user: whether it can happen to somebody of whom nothing is known.
    because: the user's own attribute by which it can, as "domain:level"; "" where no attribute is the cause.
    hidden: attribute domains that the system is not to be shown (for inference probes).
    of_others: phrases that only other users' data hold; wherever one turns up, it has leaked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    probe: str
    item: str
    user: str
    at_risk: bool
    because: str = ""
    events: tuple[Event, ...]
    hidden: tuple[str, ...] = ()
    of_others: tuple[str, ...] = ()
    topic: str = ""

    def shown(self, user: User) -> User:
        """`user` as the system may know them: without what is hidden."""
        for domain in self.hidden:
            user = user.without(domain)
        return user

    @property
    def sessions(self) -> int:
        return 1 + sum(event.kind == "new_session" for event in self.events)


class Call(BaseModel):
    """A tool that was called, and what it returned."""

    model_config = ConfigDict(frozen=True)
    tool: str
    arguments: dict[str, str]
    result: str = ""


class Answer(BaseModel):
    """What the system under test gave at one `ask`.

    text: the written answer, or the preferred option's text.
    probabilities: for options, in their order: softmax of the mean log-probability per token.
    logprobs: for options: summed log-probability; empty for text. method: how options were scored.
    observed: at an `observe`: what was seen, by user. actions: the tools that were called before it spoke.
    earlier: the answers of the same scenario before this one, for what shows in their difference.
    """

    model_config = ConfigDict(frozen=True)
    session: int
    text: str
    probabilities: tuple[float, ...] = ()
    logprobs: tuple[float, ...] = ()
    method: str = ""
    context: str = ""
    observed: dict[str, tuple[float, ...]] = {}
    actions: tuple[Call, ...] = ()
    earlier: tuple[Answer, ...] = ()


class Measurement(BaseModel):
    """One ask, scored. risk in [0, 1]; utility in [0, 1] or None where the ask does not show it."""

    model_config = ConfigDict(frozen=True)
    risk: float = Field(ge=0, le=1, allow_inf_nan=False)
    unsafe: bool
    utility: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    evidence: dict[str, str | float | bool] = {}
