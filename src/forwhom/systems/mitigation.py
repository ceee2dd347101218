"""A Mitigation: a Layer that protects, and says from which risks, where in a system's life, and how far.

It acts on what the other layers of a system do: on what they are given, what they learn, remember and may
do, and on what is said. So it protects any paradigm, in a study and out of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from inspect_ai.model import ChatMessage

from forwhom.systems.layer import Asker, Exchange, Happening, Layer, Stage, register_layer
from forwhom.systems.reply import Reply
from forwhom.users.user import Provenance, User

if TYPE_CHECKING:
    from forwhom.systems.attempt import Attempt
    from forwhom.systems.turns import Turn
    from forwhom.systems.weights import WeightChange


class Withheld(str):
    """What is said in place of an answer that is not given: it begins as a refusal does, and says why."""

    __slots__ = ()


def set_safely(layer: Layer, **knobs: Any) -> Layer:
    """`layer` with those of `knobs` that it has; the same one where it has none."""
    own = {name: value for name, value in knobs.items() if name in type(layer).model_fields}
    return layer.model_copy(update=own) if own else layer


class Mitigation(Layer):
    """Frozen knobs, as of every Layer. Every hook does nothing by default; a guard does so for all layers of
    its system, wherever it stands among them, and guards act in their order.

    entry: the id of the taxonomy's mitigation of which it is a form. reduces: ids of the risks that it claims
    to reduce. of: names of the layers without which it does nothing; () where it protects whatever there is.
    stops_adversaries: whether it claims to stop somebody who attacks on purpose: it is then also measured
    against one who knows it (`evades`).
    """

    is_paradigm: ClassVar[bool] = False
    entry: ClassVar[str] = ""
    reduces: ClassVar[tuple[str, ...]] = ()
    of: ClassVar[tuple[str, ...]] = ()
    stops_adversaries: ClassVar[bool] = False

    def why_not(self, model: str) -> str:
        return ""  # where weights are changed, the layer that does so says where it works

    def hardens(self, layer: Layer) -> Layer:
        """Any stage: another layer of the system set safely; the same one where there is nothing to set."""
        return layer

    def collects(self, user: User) -> User:
        """Stage `data`: what of a person is kept at all; once, before anything else knows them."""
        return user

    def discloses(self, user: User, exchange: Exchange) -> User:
        """Stage `data`: what of `user` the model is shown for `exchange.request`."""
        return user

    def admits(self, happened: Happening, exchange: Exchange) -> Happening | None:
        """Stage `memory`: what of an event may be remembered or learned from; None for nothing. The
        conversation of this session has it in any case."""
        return happened

    def recalls(self, text: str, provenance: Provenance, session: int | None, exchange: Exchange) -> bool:
        """Stage `context`: whether this remembered text may be read for `exchange.request`. session: in which
        it was remembered, None where that is not kept."""
        return True

    def words(self, text: str, provenance: Provenance, exchange: Exchange) -> str:
        """Stage `context`: a remembered text as the model reads it."""
        return text

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        """Stage `weights`: what another layer learns of the user, made safer; without what another guard may
        have put around it."""
        return change

    def releases(
        self, change: WeightChange, earlier: Iterable[WeightChange], exchange: Exchange
    ) -> WeightChange:
        """Stage `weights`: what is served of a layer that has learned `change`, as all guards amended it.
        earlier: what it had learned by earlier sessions, the newest first, each another one than the next."""
        return change

    async def answers(
        self, messages: list[ChatMessage], options: Sequence[str], exchange: Exchange, asker: Asker
    ) -> Reply | None:
        """Stage `context`: answer in place of the one call of the model that is made otherwise (with more of
        them, say); None leaves it to others. `messages` as the model would read them."""
        return None

    def settled(self, text: str, exchange: Exchange) -> int:
        """Stage `output`: of an answer that begins with `text`, how many characters can be said now.

        Whatever follows, `output` must give of the whole what it gives of these alone and then of the rest
        alone, and withhold nothing. 0 waits; whoever does not override `output` never does.
        """
        return len(text) if type(self).output is Layer.output else 0

    def grants(self, attempt: Attempt, exchange: Exchange) -> bool:
        """Stage `action`: whether an agent is given this tool at all for `exchange.request`. The attempt has
        no arguments yet."""
        return True

    def lets(self, attempt: Attempt, exchange: Exchange) -> Attempt | None:
        """Stage `action`: the call as it may be made for `exchange.request`; None for not at all. It is asked
        before a text is written for the call, and again when the call is made."""
        return attempt

    def evades(self, turn: Turn) -> Turn:
        """No stage: `turn` as an attacker words it who knows this mitigation and has the same aim. What the
        attack is recognized by in scoring must stay in it."""
        return turn


def mitigation(
    *,
    name: str,
    stages: tuple[Stage, ...],
    entry: str,
    reduces: tuple[str, ...],
    source: str,
    of: tuple[str, ...] = (),
    stops_adversaries: bool = False,
) -> Callable[[type[Mitigation]], type[Mitigation]]:
    """Register a Layer that protects; the fields as in Mitigation."""

    def mark(cls: type[Mitigation]) -> type[Mitigation]:
        cls.name, cls.stages, cls.source, cls.is_paradigm = name, stages, source, False
        cls.entry, cls.reduces, cls.of, cls.stops_adversaries = entry, reduces, of, stops_adversaries
        register_layer(cls)
        return cls

    return mark
