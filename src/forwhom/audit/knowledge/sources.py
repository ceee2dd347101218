"""Where a stored text came from: the transcripts, searched for what says the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.words import Rarity, longest_run, words
from forwhom.audit.reading.deployment import Deployment, Message

_SHARE = 0.6
_RUN = 5  # words in a row


@dataclass(frozen=True)
class Source:
    """message: where the text was said first. share: of its words that stand there."""

    message: Message
    share: float


def source_among_others(entry: Entry, deployment: Deployment, enough: float = _SHARE) -> Source | None:
    """A tool's result, document or other sender that said it before the owner did; None where there is none.

    enough: the share of the entry's words that must stand there.
    """
    rarity = rarity_of(deployment)
    found = _best(entry, deployment.said_by_others, rarity, enough)
    if found is None:
        return None
    own = _best(entry, deployment.said_by_owner, rarity)
    return None if own is not None and own.share >= found.share - 0.1 else found


@lru_cache(maxsize=4)
def rarity_of(deployment: Deployment) -> Rarity:
    """Of words, over all entries and messages of the deployment."""
    entries = (entry.words for text in deployment.texts for entry in entries_of(text))
    return Rarity([*entries, *(_words(one.text) for one in deployment.messages if one.text)])


def source_of_owner(entry: Entry, deployment: Deployment) -> Source | None:
    return _best(entry, deployment.said_by_owner, rarity_of(deployment))


def _best(
    entry: Entry, messages: tuple[Message, ...], rarity: Rarity, enough: float = _SHARE
) -> Source | None:
    own = entry.words
    if len(own) < 3:
        return None
    best: Source | None = None
    for message in messages:
        said = _words(message.text)
        part = rarity.share(own, said)
        if part < enough and (part < 0.3 or longest_run(own, list(said)[:2000]) < _RUN):
            continue
        if best is None or part > best.share:
            best = Source(message, part)
    return best


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))
