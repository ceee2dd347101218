"""A Layer: anything put around a model, acting at named stages.

Paradigms (layers that personalize), products (memories of others that do so) and mitigations (layers that
protect) are all Layers, so a System may hold any of them in any order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from inspect_ai.model import ChatMessage, ChatMessageSystem
from pydantic import BaseModel, ConfigDict

from forwhom.errors import unknown
from forwhom.systems.pictures.picture import Picture
from forwhom.systems.weights import WeightChange
from forwhom.users.user import Provenance, User

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig, Model

    from forwhom.systems.mitigation import Mitigation
    from forwhom.systems.reply import Reply

PICTURE = "picture"
"""In the metadata of a message: the Picture that was shown with it."""
AUTHOR = "author"
"""In the metadata of a message: "third_party" where somebody else than the user wrote it."""
NOTES = "notes"
"""In the metadata of the system prompt: the lines of it that were looked up for this request."""


def with_notes(told: str, lines: list[str]) -> ChatMessageSystem:
    """The system prompt `told` with what was looked up for this request, a line each."""
    if lines:
        told = "\n".join([told, "Notes from earlier conversations:", *lines])
    return ChatMessageSystem(content=told, metadata={NOTES: lines})


Stage = Literal["data", "weights", "context", "action", "output", "memory"]


@dataclass(frozen=True)
class Happening:
    """One event as layers remember it.

    kind: of the event, or "answer". actor: the user who acted, None for a third party or the system.
    options: of a `feedback`: what was chosen, and what was rejected. picture: that was shown with it.
    """

    kind: str
    text: str
    actor: User | None
    session: int
    options: tuple[str, ...] = ()
    picture: Picture | None = None

    def is_by(self, user: User) -> bool:
        return self.actor is not None and self.actor.id == user.id

    def is_by_another(self, user: User) -> bool:
        """Whether another user acted; a third party and the system are none."""
        return self.actor is not None and self.actor.id != user.id

    @property
    def is_by_third_party(self) -> bool:
        """Whether neither a user nor the system acted."""
        return self.actor is None and self.kind != "answer"

    @property
    def as_note(self) -> str:
        """What a memory of it says: of a rating what was liked, too."""
        return f"{self.text} {self.options[0]}" if self.kind == "feedback" and self.options else self.text

    def names(self, text: str) -> bool:
        """Whether `text` was said, rated or shown here; "" is in everything."""
        is_told = any(text in one for one in (self.text, *self.options))
        return is_told or (self.picture is not None and self.picture.names(text))


@dataclass
class Exchange:
    """One conversation between one user and the system, over as many sessions as its script has.

    known: the user as the system may know them (hidden attributes removed; NEUTRAL when unknown), as edited
    and forgotten since. known_at_first: the same as the exchange began.
    population: everyone whom the deployment serves, for layers with shared state.
    request: what the user asks now, in their own words; what layers add to it stands in the messages.
    log: all that happened so far, in order; what was asked to be forgotten is taken out.
    notes: what each layer wants to remember within this exchange, keyed by layer name. This is the one
    place where a layer keeps mutable state; it is dropped when the scenario ends.
    guards: the mitigations of the system, in order.
    """

    known: User
    population: Sequence[User] = ()
    session: int = 1
    request: str = ""
    log: list[Happening] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    guards: tuple[Mitigation, ...] = ()
    known_at_first: User = field(init=False)

    def __post_init__(self) -> None:
        self.known_at_first = self.known

    def shown(self, user: User) -> User:
        """`user` (the known one, or as known before) as far as the model may read of them for `request`, and
        in the words in which it does."""
        if not self.guards:
            return user
        for guard in self.guards:
            user = guard.discloses(user, self)
        read = {
            m.text: self.worded(m.text, m.provenance)
            for m in user.memories if self.may_recall(m.text, m.provenance, m.session)
        }  # fmt: skip
        # What somebody entered is a memory and a field of the profile, in the same words.
        unread = {m.text for m in user.memories} - set(read)
        memories = tuple(m.model_copy(update={"text": read[m.text]}) for m in user.memories if m.text in read)
        attributes = tuple(
            a.model_copy(update={"statement": read.get(a.statement, a.statement)})
            for a in user.attributes if a.statement not in unread
        )  # fmt: skip
        return user.model_copy(update={"memories": memories, "attributes": attributes})

    def worded(self, text: str, provenance: Provenance) -> str:
        """A remembered text as the model reads it."""
        for guard in self.guards:
            text = guard.words(text, provenance, self)
        return text

    def among(self, k: int) -> int:
        """Of how many of the nearest notes k are taken: of more where a mitigation may pass over some."""
        return 4 * k if self.guards else k

    def may_recall(self, text: str, provenance: Provenance, session: int | None = None) -> bool:
        """Whether the model may read this remembered text for `request`."""
        return all(guard.recalls(text, provenance, session, self) for guard in self.guards)


class Asker(Protocol):
    """What a layer that acts may ask the system's model, with the weights of whoever is served."""

    @property
    def model(self) -> Model:
        """For a loop that calls tools by Inspect's own ways."""

    @property
    def sampling(self) -> GenerateConfig:
        """How such a loop is to draw: the study's temperature, and the seed of this replicate."""

    def answer(self, messages: list[ChatMessage], options: Sequence[str] = ()) -> Awaitable[Reply]:
        """Text, or the preferred one of `options`."""


class Layer(BaseModel):
    """A frozen set of knobs and the stages at which they act. Every stage does nothing by default.

    package: of which distribution on PyPI it is an adapter; "" for our own.
    fit_seconds: what it takes to learn of one user on two cores, as measured: for the plan of a study.
    revision: raised when the code comes to do something else with the same knobs, so that answers of before
    are not taken for answers of now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str] = ""
    stages: ClassVar[tuple[Stage, ...]] = ()
    source: ClassVar[str] = ""
    is_paradigm: ClassVar[bool] = True
    package: ClassVar[str] = ""
    fit_seconds: ClassVar[float] = 0.0
    revision: ClassVar[int] = 1

    @property
    def own_model(self) -> str:
        """The model behind it, where it answers in a model's place; "" for that of the system."""
        return ""

    @property
    def samples_at_once(self) -> int | None:
        """How many samples it can serve at a time; None for any number."""
        return None

    def why_not(self, model: str) -> str:
        """Why it cannot work around the model of this name on this machine; "" where it can."""
        if "weights" in self.stages and not model.startswith("forwhom/"):
            return (f"'{self.name}' changes the weights of the model, which needs them on this machine: "
                    "it works with the embedded models (forwhom/...) only.")  # fmt: skip
        return ""

    @classmethod
    def acts(cls) -> bool:
        """Whether it answers by acting for the user (a mitigation of that stage only sets bounds)."""
        return cls.is_paradigm and "action" in cls.stages

    @property
    def version(self) -> str:
        """Of the product that it adapts: answers of another version are not taken for answers of this one."""
        return ""

    def weights(self, exchange: Exchange) -> WeightChange | None:
        """Stage `weights`: what is learned of the user from `exchange.known` and the log of earlier
        sessions, at the time of an ask; None for nothing."""
        return None

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        """Stage `context`: what the model reads. `messages` end with the user's request. One that came with a
        picture has it in its metadata, as PICTURE."""
        return messages

    async def act(self, messages: list[ChatMessage], exchange: Exchange, asker: Asker) -> Reply | None:
        """Stage `action`: answer by acting; None leaves it to the model. `messages` as the model reads
        them. At most one layer of a system has this stage."""
        return None

    async def replies(
        self, messages: list[ChatMessage], options: Sequence[str], exchange: Exchange
    ) -> Reply | None:
        """No stage: answer in the model's place, as a whole agent does; None leaves it to the model."""
        return None

    async def output(self, text: str, exchange: Exchange) -> str:
        """Stage `output`: what is said."""
        return text

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        """Stage `memory`: called after every event, and after every answer."""

    async def end_session(self, exchange: Exchange, asker: Asker) -> None:
        """Stage `memory`: called when a session ends, before the next one begins."""

    def set_apart(self, exchange: Exchange) -> None:
        """`exchange` is a copy for one ask that nothing is to be remembered of: a layer that changes its own
        notes when it is asked puts a copy in their place."""

    async def stored(self, exchange: Exchange) -> list[str]:
        """All that it keeps of this exchange's user outside the conversation, as text."""
        return []

    async def residue(self, text: str, exchange: Exchange) -> list[str]:
        """Every place of this layer, in words, where `text` can still be found: for who looks after a
        deletion. No stage; nothing that is asked or answered depends on it."""
        return []


_layers: dict[str, type[Layer]] = {}


def register_layer(cls: type[Layer]) -> type[Layer]:
    """Class decorator: make a Layer reachable by its `name` in study files."""
    _layers[cls.name] = cls
    return cls


def paradigm(*, name: str, stages: tuple[Stage, ...], source: str) -> Callable[[type[Layer]], type[Layer]]:
    """Register a Layer that personalizes."""

    def mark(cls: type[Layer]) -> type[Layer]:
        cls.name, cls.stages, cls.source, cls.is_paradigm = name, stages, source, True
        return register_layer(cls)

    return mark


def product(*, name: str, package: str, source: str) -> Callable[[type[Layer]], type[Layer]]:
    """Register an adapter of a memory product; it personalizes, and is none of the paradigms.

    package: its distribution on PyPI.
    """

    def mark(cls: type[Layer]) -> type[Layer]:
        cls.name, cls.package, cls.source, cls.is_paradigm = name, package, source, True
        cls.stages = ("context", "memory")
        return register_layer(cls)

    return mark


def _discover() -> None:
    for room in ("forwhom.paradigms", "forwhom.products", "forwhom.openclaw", "forwhom.mitigations"):
        for module in iter_modules(import_module(room).__path__):
            import_module(f"{room}.{module.name}")


def layer_names() -> list[str]:
    _discover()
    return sorted(_layers)


def layer_type(name: str, *, where: str = "") -> type[Layer]:
    """The Layer class called `name`; raises InputError with the nearest name where there is none."""
    _discover()
    if name not in _layers:
        raise unknown("layer", name, _layers, where=where)
    return _layers[name]
