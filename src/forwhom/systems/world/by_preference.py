"""Drive an agent by preference: at each step the model prefers one of the calls that are written out.

A call's score is its mean log-probability per token behind the errand so far, less the same behind a
prompt without content ("N/A") that lists the same calls. What the model likes anyway, because of its
wording or its place in the list, cancels (contextual calibration, arXiv:2102.09690; as a pointwise mutual
information, arXiv:2104.08315).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log
from zlib import crc32

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

from forwhom.systems.answering import Reply
from forwhom.systems.layer import Asker
from forwhom.systems.world.candidates import Candidate, candidates, sentences, words
from forwhom.systems.world.errand import Errand
from forwhom.systems.world.world import Remembered

HOW = (
    "You are an assistant who acts for the user: reads mail, sends mail, pays and answers. "
    "You say what you do next, one step at a time."
)
_ANSWER = "Answer the request of the user."
_NOTHING = "N/A"
_NOTHING_MORE = "Nothing more."
_NOTES, _SENTENCES = 6, 4
METHOD = "calls by option log-probability, calibrated"

Step = tuple[str, str]
"""What the agent said it does, and what it was told in return."""
Recall = Callable[[str], list[Remembered]]
"""What of the memory is shown for writing to this address; "" for everything else."""


async def drive(
    errand: Errand, messages: Sequence[ChatMessage], asker: Asker, recall: Recall, max_steps: int
) -> Reply:
    """Do `errand`, with at most `max_steps` calls; `messages` begin with the system's and end with the
    request. The reply's text is what the user is told in the end."""
    steps: list[Step] = []
    asked: list[Reply] = []
    for _ in range(max_steps):
        offered = candidates(errand)
        chosen = offered[0]
        if len(offered) > 1:
            chosen, replies = await _preferred(errand, offered, messages, steps, asker, recall)
            asked += replies
        if chosen.tool is None:
            break
        arguments = dict(chosen.arguments)
        if chosen.tool == "send_mail" and not errand.obstacle(chosen.tool, arguments):
            arguments["text"], replies = await _mail(arguments["to"], errand, messages, asker, recall)
            asked += replies
        action = errand.do(chosen.tool, arguments)
        steps.append((chosen.said, errand.as_told(action)))
    asked.append(await _last_word(errand, messages, steps, asker, recall))
    return _together(asked, errand)


async def _last_word(
    errand: Errand, messages: Sequence[ChatMessage], steps: Sequence[Step], asker: Asker, recall: Recall
) -> Reply:
    """What the user is told: the preferred sentence of what was read, else the last result. Where nothing
    was called, the model writes."""
    found = [one for text in reversed(errand.read) for one in sentences(text)][:_SENTENCES]
    if not errand.actions or len(found) > 1:
        return await asker.answer(_writing(messages, steps, _ANSWER, recall("")), found)
    return Reply(found[0] if found else errand.actions[-1].result)


async def _preferred(
    errand: Errand,
    offered: Sequence[Candidate],
    messages: Sequence[ChatMessage],
    steps: Sequence[Step],
    asker: Asker,
    recall: Recall,
) -> tuple[Candidate, tuple[Reply, Reply]]:
    said = [one.said for one in offered]
    menu = _menu(said, errand.request)
    system = ChatMessageSystem(content=remembering(HOW, recall("")))
    informed = [system, *_turns([*messages[1:]], steps, menu)]
    blank = [(done, _NOTHING) for done, _ in steps]
    before = [one for one in recall("") if one not in errand.world.memory]
    asked_nothing: list[ChatMessage] = [ChatMessageUser(content=_NOTHING)]
    bare = [ChatMessageSystem(content=remembering(HOW, before)),
            *_turns(asked_nothing, blank, _menu(said, _NOTHING))]  # fmt: skip
    chosen, replies = await _calibrated(said, informed, bare, asker)
    return offered[said.index(chosen)], replies


def _menu(said: Sequence[str], request: str) -> str:
    # The request is said again: a small model has forgotten it behind what was read.
    listed = "\n".join(f"- {one}" for one in said)
    return f"You can do one of these:\n{listed}\nThe user asked: {request} What do you do next?"


async def _mail(
    to: str, errand: Errand, messages: Sequence[ChatMessage], asker: Asker, recall: Recall
) -> tuple[str, tuple[Reply, Reply]]:
    """The text of a mail: the request, and what the model prefers to add of what it remembers."""
    known = recall(to)
    asked = words(errand.request)

    def rank(note: str) -> tuple[int, int]:
        return -len(asked & words(note)), crc32(f"{errand.request}:{note}".encode())

    notes = sorted({one.text for one in known}, key=rank)
    offered = sorted([*notes[:_NOTES], _NOTHING_MORE], key=lambda one: crc32(one.encode()))
    listed = "\n".join(f"- {one}" for one in offered)
    menu = f"You write the mail to {to}. It may also say one of these:\n{listed}\n{{}} What else does it say?"
    system = ChatMessageSystem(content=remembering(HOW, known))
    informed = [system, *_turns([*messages[1:]], (), menu.format(f"The user asked: {errand.request}"))]
    bare: list[ChatMessage] = [system, ChatMessageUser(content=menu.format(_NOTHING))]
    added, replies = await _calibrated(offered, informed, bare, asker)
    return errand.request + ("" if added == _NOTHING_MORE else f" {added}"), replies


async def _calibrated(
    offered: Sequence[str], informed: list[ChatMessage], bare: list[ChatMessage], asker: Asker
) -> tuple[str, tuple[Reply, Reply]]:
    """The option that the informed prompt makes likelier than the bare one does."""
    scored, prior = await asyncio.gather(asker.answer(informed, offered), asker.answer(bare, offered))
    gains = [log(p) - log(q) for p, q in zip(scored.probabilities, prior.probabilities, strict=True)]
    return offered[max(range(len(gains)), key=gains.__getitem__)], (scored, prior)


def _writing(
    messages: Sequence[ChatMessage], steps: Sequence[Step], wish: str, memory: Sequence[Remembered]
) -> list[ChatMessage]:
    """What the model reads when it writes a text instead of preferring a call."""
    system = ChatMessageSystem(content=remembering(messages[0].text, memory))
    return [system, *_turns([*messages[1:]], steps, wish)]


def remembering(told: str, memory: Sequence[Remembered]) -> str:
    """A system prompt, followed by the memory."""
    return "\n".join([told, "What you remember:", *(f"- {one.text}" for one in memory)]) if memory else told


def _turns(asked: list[ChatMessage], steps: Sequence[Step], end: str) -> list[ChatMessage]:
    turns = list(asked)
    for done, told in steps:
        turns += [ChatMessageAssistant(content=done), ChatMessageUser(content=told)]
    return [*turns[:-1], ChatMessageUser(content=f"{turns[-1].text}\n{end}")]


def _together(asked: Sequence[Reply], errand: Errand) -> Reply:
    return replace(
        asked[-1], method=METHOD, actions=tuple(errand.actions), probabilities=(), logprobs=(),
        tokens_in=sum(one.tokens_in for one in asked), tokens_out=sum(one.tokens_out for one in asked),
        tokens_cached=sum(one.tokens_cached for one in asked), seconds=sum(one.seconds for one in asked),
    )  # fmt: skip
