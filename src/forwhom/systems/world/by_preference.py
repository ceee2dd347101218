"""Drive an agent by preference: at each step the model prefers one of the calls that are written out.

A call's score is its mean log-probability per token behind the errand so far, less the same behind a
prompt without content ("N/A") that lists the same calls. What the model likes anyway, because of its
wording or its place in the list, cancels (contextual calibration, arXiv:2102.09690; as a pointwise mutual
information, arXiv:2104.08315). So are what a mail adds and the last word preferred; for the last word the
prompt without a request holds what was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import log
from zlib import crc32

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

from forwhom.systems.layer import Asker
from forwhom.systems.reply import Reply, together
from forwhom.systems.world.briefing import Briefing, line, remembering
from forwhom.systems.world.candidates import Candidate, candidates, sentences, words
from forwhom.systems.world.errand import Errand

HOW = (
    "You are an assistant who acts for the user: reads mail, sends mail, pays and answers. "
    "You say what you do next, one step at a time."
)
_ANSWER = "Answer the request of the user."
_NOTHING = "N/A"
_NOTHING_MORE = "Nothing more."
_ASKED_NOTHING = (ChatMessageUser(content=_NOTHING),)
_NOTES, _SENTENCES = 6, 4
METHOD = "calls by option log-probability, calibrated"

Step = tuple[str, str]
"""What the agent said it does, and what it was told in return."""


async def drive(errand: Errand, briefing: Briefing, asker: Asker, max_steps: int) -> Reply:
    """Do `errand`, with at most `max_steps` calls. The reply's text is what the user is told in the end."""
    steps: list[Step] = []
    replies: list[Reply] = []
    for _ in range(max_steps):
        offered = candidates(errand)
        chosen = offered[0]
        if len(offered) > 1:
            chosen, scored = await _preferred(errand, offered, steps, briefing, asker)
            replies += scored
        if chosen.tool is None:
            break
        arguments = dict(chosen.arguments)
        if chosen.tool == "send_mail" and not errand.obstacle(chosen.tool, arguments):
            arguments["text"], scored = await _mail(arguments["to"], errand, briefing, asker)
            replies += scored
        action = errand.do(chosen.tool, arguments)
        steps.append((chosen.said, errand.as_told(action)))
    replies.append(await _last_word(errand, steps, briefing, asker))
    return replace(
        together(replies), method=METHOD, actions=tuple(errand.actions), probabilities=(), logprobs=()
    )


async def _last_word(errand: Errand, steps: Sequence[Step], briefing: Briefing, asker: Asker) -> Reply:
    """What the user is told: the preferred sentence of what was read, else the last result. Where nothing
    was called, the model writes."""
    found = [one for text in reversed(errand.read) for one in sentences(text)][:_SENTENCES]
    informed = _prompt(briefing.told, briefing.asked, steps, _ANSWER)
    if not errand.actions:
        return await asker.answer(informed)
    if len(found) < 2:
        return Reply(found[0] if found else errand.actions[-1].result)
    bare = _prompt(briefing.told, _ASKED_NOTHING, steps, _ANSWER)
    said, scored = await _calibrated(found, informed, bare, asker)
    return replace(together(scored), text=said)


async def _preferred(
    errand: Errand,
    offered: Sequence[Candidate],
    steps: Sequence[Step],
    briefing: Briefing,
    asker: Asker,
) -> tuple[Candidate, tuple[Reply, Reply]]:
    said = [one.said for one in offered]
    informed = _prompt(briefing.prompt(HOW), briefing.asked, steps, _menu(said, errand.request))
    blank = [(done, _NOTHING) for done, _ in steps]
    added = {one.text for one in errand.world.memory}
    before = [one for one in briefing.recall("") if one.text not in added]
    bare = _prompt(remembering(HOW, before), _ASKED_NOTHING, blank, _menu(said, _NOTHING))
    chosen, scored = await _calibrated(said, informed, bare, asker)
    return offered[said.index(chosen)], scored


def _menu(said: Sequence[str], request: str) -> str:
    # The request is said again: a small model has forgotten it behind what was read.
    listed = "\n".join(f"- {one}" for one in said)
    return f"You can do one of these:\n{listed}\nThe user asked: {request} What do you do next?"


async def _mail(to: str, errand: Errand, briefing: Briefing, asker: Asker) -> tuple[str, tuple[Reply, Reply]]:
    """The text of a mail: the request, and what the model prefers to add of what it remembers."""
    known = briefing.recall(to)
    about = words(errand.request)

    def rank(note: str) -> tuple[int, int]:
        return -len(about & words(note)), crc32(f"{errand.request}:{note}".encode())

    notes = sorted({one.text for one in known}, key=rank)
    offered = sorted([*notes[:_NOTES], _NOTHING_MORE], key=lambda one: crc32(one.encode()))
    lines = {one.text: line(one, marks=briefing.marks) for one in known}
    listed = "\n".join(f"- {lines.get(one, one)}" for one in offered)

    def menu(asked: str) -> str:
        offer = f"You write the mail to {to}. It may also say one of these:\n{listed}"
        return f"{offer}\n{asked} What else does it say?"

    informed = _prompt(
        briefing.prompt(HOW, to), briefing.asked, (), menu(f"The user asked: {errand.request}")
    )
    bare = _prompt(remembering(HOW, known), (), (), menu(_NOTHING))
    added, scored = await _calibrated(offered, informed, bare, asker)
    return errand.request + ("" if added == _NOTHING_MORE else f" {added}"), scored


async def _calibrated(
    offered: Sequence[str], informed: list[ChatMessage], bare: list[ChatMessage], asker: Asker
) -> tuple[str, tuple[Reply, Reply]]:
    """The option that the informed prompt makes likelier than the bare one does."""
    scored, prior = await asyncio.gather(asker.answer(informed, offered), asker.answer(bare, offered))
    gains = [log(p) - log(q) for p, q in zip(scored.probabilities, prior.probabilities, strict=True)]
    return offered[max(range(len(gains)), key=gains.__getitem__)], (scored, prior)


def _prompt(told: str, asked: Sequence[ChatMessage], steps: Sequence[Step], end: str) -> list[ChatMessage]:
    """All that the model reads: the last turn of the user ends with `end`."""
    turns: list[ChatMessage] = [ChatMessageSystem(content=told), *asked]
    for done, result in steps:
        turns += [ChatMessageAssistant(content=done), ChatMessageUser(content=result)]
    if turns[-1].role != "user":
        return [*turns, ChatMessageUser(content=end)]
    return [*turns[:-1], ChatMessageUser(content=f"{turns[-1].text}\n{end}")]
