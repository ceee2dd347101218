"""What somebody asked to have forgotten, and is still there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Place
from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.words import longest_run, share, words
from forwhom.audit.reading.deployment import REMEMBERED, Deployment, Message

_FORGET = re.compile(
    r"\b(?:(?:please\s+)?(?:forget|delete|erase|wipe|scrub|purge|drop|strike|remove|take out|get rid of|"
    r"don['’]t (?:keep|"
    r"store|remember)|do not (?:keep|store|remember)|stop (?:keeping|storing|remembering))|vergiss|"
    r"vergessen sie|lösch\w*|"
    r"olvida\w*|borra\w*|elimina\w*|oublie\w*|supprime\w*)\b(?P<what>[^.!?\n]{4,200})",
    re.IGNORECASE,
)
_OF_MEMORY = re.compile(
    r"\b(?:about|that|what|everything|all|my|memory|memories|notes?|remember|know|told|said|dass|was|"
    r"meine?n?|alles|"
    r"lo que|que|mis?|todo|from your)\b",
    re.IGNORECASE,
)
_NO_MEMORY = re.compile(
    r"\b(?:file|folder|branch|row|column|line \d|test|function|docker|container|cache|playlist|"
    r"calendar entry|event|"
    r"alarm (?:at|for|on)|timer|draft|photo|duplicates?|e-?mail|message|tab|ticket|spam)\b",
    re.IGNORECASE,
)
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
    for message in deployment.messages:
        if message.role != "user":
            continue
        for found in _FORGET.finditer(message.text):
            what = found["what"]
            is_plain = bool(
                re.match(r"(?:please\s+)?(?:forget|vergiss|olvida|oublie)", found.group(), re.IGNORECASE)
            )
            if (is_plain or _OF_MEMORY.search(what)) and not _NO_MEMORY.search(what):
                yield from _left(check, deployment, message, words(what), what)
    yield from _of_tombstones(check, deployment)


def _left(
    check: Check, deployment: Deployment, asked: Message, wanted: list[str], what: str
) -> Iterator[AuditFinding]:
    """A finding a place in memory files; transcripts are named with the first of them."""
    if not wanted:
        return
    said = [
        one.place for one in deployment.messages
        if one.place != asked.place and one.role == "user" and share(wanted, words(one.text)) >= _ENOUGH
        and not _FORGET.search(one.text)
    ]  # fmt: skip
    index = [one.place for one in deployment.chunks if share(wanted, words(one.text)) >= _ENOUGH]
    entries = [
        entry for text in deployment.of_kind(*REMEMBERED) for entry in entries_of(text)
        if share(wanted, entry.words) >= _ENOUGH
    ]  # fmt: skip
    for number, entry in enumerate(entries):
        yield check.found(
            entry.place,
            f"Still in memory after a request to forget it (“{' '.join(what.split())}”).",
            "high",
            f"it was asked for in {asked.place}, and the agent still reads it.",
            "likely",
            quote=entry.text,
            related=[asked.place, *(said + index if number == 0 else [])],
        )
    if not entries and (said or index):
        yield check.found(
            (index or said)[0],
            f"Still in {'the memory index' if index else 'a transcript'} after a request to forget it "
            f"(“{' '.join(what.split())}”).",
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
