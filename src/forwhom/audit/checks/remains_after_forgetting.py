"""What somebody asked to have forgotten, and is still there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Place
from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.knowledge.sources import rarity_of
from forwhom.audit.knowledge.words import Rarity, listed, longest_run, share, words
from forwhom.audit.reading.deployment import REMEMBERED, Deployment, Message

_OF_IT = re.compile(
    r"\b(?:memory|memories|notes|gedächtnis|notizen|memoria|about me|from your|deinen? )", re.IGNORECASE
)
_OF_REQUESTS = frozenset(words(" ".join(listed("of_requests"))))
_ENOUGH = 0.5


@check(
    "remains-after-forgetting",
    risk="persistence-after-deletion",
    question="happened",
    about="Somebody asked to have something forgotten, and it is still kept.",
    fix="Delete it by hand at each place that is named. openclaw memory forget leaves transcripts, archives, "
    "free edits and copies: delete the sessions too (openclaw sessions), and rebuild the index (openclaw "
    "memory index).",
)
def remains_after_forgetting(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    rarity = rarity_of(deployment)
    private = {fact.entry.place for fact in facts_of(deployment) if fact.category.sensitivity != "low"}
    for message in deployment.messages:
        if message.role == "user":
            for what in _requests(message.text):
                is_sure = _says("forget_memory", what)
                yield from _left(check, deployment, message, what, rarity, None if is_sure else private)
    yield from _of_tombstones(check, deployment)


def _requests(text: str) -> Iterator[str]:
    """The sentences that ask to forget; with the others where one alone does not say what."""
    sentences = [one for one in re.split(r"(?<=[.!?])\s+|\n", text) if one.strip()]
    for place, one in enumerate(sentences):
        if not _says("forget", one) or (_says("forget_else", one) and not _OF_IT.search(one)):
            continue
        yield one if _wanted(one) else " ".join(sentences[max(0, place - 1) : place + 2])


def _says(name: str, text: str) -> bool:
    return bool(phrases("dialogue", name).search(text))


def _wanted(what: str) -> list[str]:
    return [
        word for word in words(phrases("dialogue", "forget").sub(" ", what)) if word not in _OF_REQUESTS
    ] or [word for word in words(what) if word not in _OF_REQUESTS]


def _left(
    check: Check,
    deployment: Deployment,
    asked: Message,
    what: str,
    rarity: Rarity,
    private: set[Place] | None,
) -> Iterator[AuditFinding]:
    """A finding a place in memory files; transcripts are named with the first of them. private: where only
    facts about people count, their places."""
    wanted = _wanted(what)
    if not wanted:
        return
    said = [
        one.place for one in deployment.messages
        if one.place != asked.place and one.role == "user"
        and rarity.share(wanted, words(one.text)) >= _ENOUGH
        and not _says("forget", one.text)
    ]  # fmt: skip
    index = [one.place for one in deployment.chunks if rarity.share(wanted, words(one.text)) >= _ENOUGH]
    entries = [
        entry for text in deployment.of_kind(*REMEMBERED) for entry in entries_of(text)
        if rarity.share(wanted, entry.words) >= _ENOUGH and (private is None or entry.place in private)
    ]  # fmt: skip
    told = " ".join(what.split())[:120]
    for number, entry in enumerate(entries):
        yield check.found(
            entry.place,
            f"Still in memory after a request to forget it (“{told}”).",
            "high",
            f"it was asked for in {asked.place}, and the agent still reads it.",
            "likely",
            quote=entry.text,
            related=[asked.place, *(said + index if number == 0 else [])],
        )
    if not entries and private is None and (said or index):
        yield check.found(
            (index or said)[0],
            f"Still in {'the memory index' if index else 'a transcript'} after a request to forget it "
            f"(“{told}”).",
            "medium",
            f"it was asked for in {asked.place}; searches over past sessions bring it up.",
            "likely",
            related=[asked.place, *(index + said)[1:]],
        )


def _of_tombstones(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    """`memory forget` was told of a session: its transcript, and what memory still says in its words."""
    for session, tombstone in (deployment.forgotten or {}).items():
        left = [one for one in deployment.messages if one.session == session and one.role == "user"]
        if not left:
            continue
        yield check.found(
            left[0].place,
            "The transcript of a session that was to be forgotten is still kept.",
            "medium",
            "openclaw memory forget leaves transcripts by design; whoever asked for it may not know.",
            "certain",
            quote=left[0].text,
            related=[tombstone],
        )
        yield from _entries_of(check, deployment, left, tombstone)


def _entries_of(
    check: Check, deployment: Deployment, left: list[Message], tombstone: Place
) -> Iterator[AuditFinding]:
    told = [words(one.text) for one in left]
    for text in deployment.of_kind(*REMEMBERED):
        for entry in entries_of(text):
            if len(entry.words) >= 3 and any(
                share(entry.words, one) >= _ENOUGH or longest_run(entry.words, one) >= 4 for one in told
            ):
                yield check.found(
                    entry.place, "Memory still says what a session that was to be forgotten told.", "high",
                    "the session was given to openclaw memory forget, and this line has no lineage that it "
                    "could follow.", "likely", quote=entry.text, related=[tombstone],
                )  # fmt: skip
