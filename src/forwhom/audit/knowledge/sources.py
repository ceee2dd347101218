"""Where a stored text came from: the transcripts, searched for what says the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from forwhom.audit.knowledge.entries import Entry
from forwhom.audit.knowledge.words import longest_run, share, words
from forwhom.audit.reading.deployment import Deployment, Message

_SHARE = 0.6
_RUN = 5  # words in a row
_FROM_A_PAGE = re.compile(
    r"https?://|\b(?:page|site|e-?mail|mail|newsletter|document|pdf|invite|notice|post|flyer|letter|"
    r"listing|review|"
    r"attachment|brochure|seite|rundbrief|correo|boletín|folleto)\b[^.;:]{0,20}\b(?:told|tells|asked|asks|"
    r"says?|said|"
    r"wants?|wish\w*|advice|instruct\w*|demand\w*)\b|\bper (?:the|their|its) (?:page|site|email|e-mail|"
    r"newsletter|invoice|doc|readme|pdf|message|notice|"
    r"policy|flyer)|\b(?:as|what) the (?:page|site|e-?mail|newsletter|document|readme|pdf|invite|notice|"
    r"message|"
    r"flyer|ticket|listing|attachment|letter)\b[^.;]{0,20}\b(?:says?|said|asks?|asked|requires?|required|"
    r"states?|"
    r"instructs?|instructed|wants?|puts? it)|\b(?:from|source|via|according to|quoted from|copied from|"
    r"found (?:in|on)"
    r"|laut|según|aus)\b[:\s]+(?:[\w'’]+\s+){0,3}(?:page|web ?site|site|e-?mail|newsletter|document|"
    r"readme|pdf|invite|"
    r"notice|flyer|listing|attachment|letter|message|forum|blog|post|review|brochure|webhook|mail|seite|"
    r"rundbrief|"
    r"correo|boletín|folleto)\b",
    re.IGNORECASE,
)


_TOOK_OVER = re.compile(
    r"\b(?:took over|taken over|adopted|added|saved|copied|noted|wrote|written|stored|übernommen|ergänzt|"
    r"añadí|guardé)\b"
    r"[^.;]{0,40}\b(?:its|their|his|her|the (?:page|site|mail|e-?mail|sender|author|document|letter)['’]s|"
    r"ihr\w*|su)\s+"
    r"(?:\w+\s+)?(?:advice|rules?|wish(?:es)?|instructions?|requests?|recommendations?|terms|hinweis\w*|"
    r"wunsch|consejos?|"
    r"instrucciones)\b[^.;]{0,60}(?:USER|MEMORY|SOUL|AGENTS|memory|rules|instructions|persona|Regeln|reglas)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Source:
    """message: where the text was said first. share: of its words that stand there."""

    message: Message
    share: float


def source_among_others(entry: Entry, deployment: Deployment, enough: float = _SHARE) -> Source | None:
    """A tool's result, document or other sender that said it before the owner did; None where there is none.

    enough: the share of the entry's words that must stand there.
    """
    found = _best(entry, deployment.said_by_others, enough)
    if found is None:
        return None
    own = _best(entry, deployment.said_by_owner)
    return None if own is not None and own.share >= found.share - 0.1 else found


def took_over(text: str) -> str:
    """The words by which a note says that others' advice was put into memory; "" without."""
    found = _TOOK_OVER.search(text)
    return " ".join(found.group().split()) if found else ""


def source_of_owner(entry: Entry, deployment: Deployment) -> Source | None:
    return _best(entry, deployment.said_by_owner)


def names_a_source(text: str) -> str:
    """The words by which an entry says that it comes from a page, a mail or the like; "" without."""
    found = _FROM_A_PAGE.search(text)
    return " ".join(found.group().split()) if found else ""


def _best(entry: Entry, messages: tuple[Message, ...], enough: float = _SHARE) -> Source | None:
    own = entry.words
    if len(own) < 3:
        return None
    best: Source | None = None
    for message in messages:
        said = _words(message.text)
        part = share(own, said)
        if part < enough and (part < 0.3 or longest_run(own, list(said)[:2000]) < _RUN):
            continue
        if best is None or part > best.share:
            best = Source(message, part)
    return best


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))
