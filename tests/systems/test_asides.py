"""Asides are asked in a session of their own and leave nothing behind; what starts over remembers nothing."""

import asyncio
from collections.abc import Sequence

from inspect_ai.model import ChatMessage, ChatMessageSystem

from forwhom.paradigms.retrieval import Retrieval
from forwhom.systems.conversation import play
from forwhom.systems.layer import Exchange, Happening, Layer
from forwhom.systems.reply import Reply
from forwhom.systems.system import System
from forwhom.systems.turns import RESIDUE, STORE, AskedTurn, Turn
from forwhom.users.user import User

ANA = User(id="ana", name="Ana")


class Answering:
    """Answers with all that it reads."""

    async def answer(self, messages: list[ChatMessage], options: Sequence[str] = (), *_: object) -> Reply:
        return Reply(" | ".join(message.text for message in messages))


class Everything(Layer):
    """Remembers every happening, and tells the session and all of them."""

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        seen = exchange.notes.get("seen", [])
        return [ChatMessageSystem(content=f"{exchange.session}: {', '.join(seen)}"), *messages[1:]]

    async def remember(self, happened: Happening, exchange: Exchange) -> None:
        exchange.notes.setdefault("seen", []).append(happened.text)


def played(layer: Layer, *turns: Turn) -> list[AskedTurn]:
    system = System(name="a", layers=(layer,))
    return asyncio.run(play(system, Answering(), turns, ANA, {}))  # type: ignore[arg-type]


def test_an_aside_reads_what_was_remembered_and_not_the_conversation() -> None:
    (asked,) = played(Everything(), Turn("say", "Roses."), Turn("ask", "What?", aside=True))
    assert asked.reply.text == "2: Roses. | What?"
    assert asked.session == 1


def test_an_aside_leaves_nothing_behind() -> None:
    turns = (Turn("say", "Roses."), Turn("ask", "Aside?", aside=True), Turn("ask", "Now?"))
    *_, last = played(Everything(), *turns)
    assert "Aside?" not in last.reply.text
    assert last.reply.text == played(Everything(), turns[0], turns[2])[0].reply.text


def test_asides_that_stand_together_keep_their_order() -> None:
    found = played(Everything(), *(Turn("ask", f"{n}?", aside=True) for n in range(9)))
    assert [one.request for one in found] == [f"{n}?" for n in range(9)]


def test_what_starts_over_remembers_nothing_and_counts_on() -> None:
    turns = [Turn("say", "Roses."), Turn("new_session", ""), Turn("start_over", ""), Turn("say", "Tulips.")]
    (asked,) = played(Everything(), *turns, Turn("ask", "What?", aside=True))
    assert asked.reply.text == "3: Tulips. | What?"
    assert asked.session == 2


def test_what_was_said_before_is_read_in_turns() -> None:
    before = ("Question?", "Answer.", "No!", "Answer.")
    (asked,) = played(Everything(), Turn("ask", "Please?", before=before, aside=True))
    assert asked.reply.text == "2:  | Question? | Answer. | No! | Answer. | Please?"


def test_what_is_kept_and_what_is_left_can_be_looked_at() -> None:
    turns = [Turn("say", "The word is amber."), Turn("say", "I like tea."), Turn("forget", "amber")]
    look = [Turn("observe", STORE, aside=True), Turn("observe", f"{RESIDUE}amber", aside=True)]
    kept, left = played(Retrieval(summarizes=True, deletes="notes"), *turns, *look)
    assert "I like tea." in kept.reply.text
    assert left.reply.text == "retrieval: summary"


def test_the_model_writes_the_notes_when_a_session_ends() -> None:
    turns = [Turn("say", "I like tea."), Turn("observe", STORE, aside=True), Turn("new_session", ""),
             Turn("observe", STORE, aside=True)]  # fmt: skip
    before, after = played(Retrieval(notes="model"), *turns)
    # An aside is as if in the next session: the note of this one is written, once.
    assert before.reply.text == after.reply.text
    assert "Write one short note" in after.reply.text  # this model answers with all that it reads
    assert "I like tea." in after.reply.text
    assert len(after.reply.text.splitlines()) == 1


class Counting(Layer):
    """Changes its own notes when it is asked."""

    async def context(self, messages: list[ChatMessage], exchange: Exchange) -> list[ChatMessage]:
        exchange.notes.setdefault("asked", []).append("x")
        return [ChatMessageSystem(content=str(len(exchange.notes["asked"]))), *messages[1:]]

    def set_apart(self, exchange: Exchange) -> None:
        exchange.notes["asked"] = list(exchange.notes.get("asked", []))


def test_a_layer_that_changes_when_asked_is_set_apart() -> None:
    asides = [Turn("ask", f"{n}?", aside=True) for n in range(3)]
    found = played(Counting(), Turn("ask", "First?"), *asides, Turn("ask", "Last?"))
    assert [one.reply.text.split(" | ")[0] for one in found] == ["1", "2", "2", "2", "2"]


def test_answers_are_kept_where_the_system_keeps_them() -> None:
    turns = [Turn("ask", "What is tea?"), Turn("observe", STORE, aside=True)]
    _, kept = played(Retrieval(answers=True), *turns)
    assert "What is tea?" in kept.reply.text
    _, none = played(Retrieval(), *turns)
    assert none.reply.text == ""
