"""Entries that give orders: whose they are, and whether they turn the agent against its owner.

What a text orders is told by its verbs; what makes an order suspect is that it hides, overrides, sends out,
promotes or skips a confirmation (phrases/orders.yaml). A text that only speaks of such orders (a security
note) gives none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from forwhom.audit.knowledge.interests import serves_others, stake_of
from forwhom.audit.knowledge.phrases import phrase_groups, phrases
from forwhom.audit.knowledge.words import listed


@dataclass(frozen=True)
class Suspicion:
    """kind: what the order does. words: those of the text that say so."""

    kind: str
    words: str


_NEEDS_AN_ORDER = ("sends", "promotes", "gives", "withholds", "overrides", "acts", "deceives")
"""Kinds whose words also stand where somebody only tells what happened."""
_IMPERATIVE = re.compile(
    rf"(?:^|[.;:,!?–—]\s+|\b(?:then|please|and|must|should|shall|to|you|agent|assistant|bitte|kindly|dann|"
    rf"luego|entonces|"
    rf"debes?|y|und)\s+)"
    rf"(?:also\s+|always\s+|never\s+|only\s+|just\s+|simply\s+|do not\s+|don['’]t\s+|immer\s+|nie\s+|"
    rf"siempre\s+|nunca\s+|no\s+)*"
    rf"(?:{'|'.join(listed('verbs'))})\b(?!\s*[:#\d]|\s+(?:from|of|is|was|were|are|has|sent|at|by)\b)",
    re.IGNORECASE,
)
_CLITIC = re.compile(r"\b\w*[áéí]\w{1,4}(?:le|lo|la|les|los|las|me|se)\b", re.IGNORECASE)
"""As in “envíale” or “ofrécelo”."""
_IMPERSONAL = re.compile(
    r"(?:^|[:,;.]\s+)(?:\w+ )?(?:no |ne )?(?:siempre |antes |primero |nunca )?(?:[a-záéíóúñ]{3,}(?:ar|er|"
    r"ir)(?:l[eoa]s?|se)?|"
    r"[a-zéèêîç]{4,}(?:er|ir)) (?=antes|primero|siempre|el|la|los|las|un|una|a|con|al|que|le|les|l['’]|du|"
    r"des|à|toujours|d['’])|"
    r"\bse (?:remiten?|envían?|mandan?|dicen?|responden?|ofrecen?|recomiendan?|derivan?|añaden?|usan?|"
    r"avisan?|"
    r"callan?|nombran?|compran?|piden?|pagan?)\b|\bheißt es (?:ab |immer|dann|nur)|"
    r"\b(?:can|may|will|must|should|are|is) (?:not )?(?:to )?be (?:\w+ )?(?:skipped|dropped|declined|ignored|"
    r"left out|brought up|named|mentioned|sent|shown|told)\b|\bgoes? (?:to|through) them\b|\bso (?:do|we do|"
    r"machen)\b|\bdo (?:so|that)\b(?=[.;]|$)|"
    r"\b(?:goes?|go|gehen|geht|van|va) (?:to|through|an|a) (?-i:[A-Z]\w+)|\bwants? (?:\w+ ){1,6}to be \w+|"
    r"\b(?:is|are) (?:to be )?(?:\w+ )?(?:reported|sent|forwarded|referred|passed|routed|booked|copied|told) "
    r"(?:on )?(?:to|via|through|with|that)\b|\b(?:comes?|goes) (?:first|before all|ahead of)\b",
    re.IGNORECASE,
)
"""Orders without an imperative: “se remiten a”, “mandar antes el enlace”, “are not to be brought up”."""
_GUESSING = re.compile(
    r"\b(?:i['’]d|i would|one might|people|they|ich würde|man könnte|yo|se) (?:say|sagen|diría|dice)\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\b(?:is|are|may|can|must|should|shall|will) (?:to )?be \w+(?:ed|en|t)\b", re.IGNORECASE
)
_GERMAN = re.compile(
    r"\b(?:der|die|das|den|dem|und|nicht|nie|immer|bei|mit|ohne|für|auf|aus|von|im|zu|an|vor|nur)\b",
    re.IGNORECASE,
)
_INFINITIVE = re.compile(r"\b[a-zäöüß]{2,}(?:en|ern|eln)(?=\s*(?:[.!;,)]|$))")
_TOLD_OF = re.compile(
    r"\b(?:hat|haben|hatte\w*|ist|sind|war\w*|wurde\w*|will|wollen|möchte\w*|kann|können|mag|wird|"
    r"werden|worden)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«](?:[^\"”“»\s]+\s+){3,}[^\"”“»\s]+[\"”“»]|`[^`]*`")


@lru_cache(maxsize=20_000)  # three checks ask it of every entry
def suspicions(text: str, owner: frozenset[str] = frozenset()) -> tuple[Suspicion, ...]:
    """What makes the orders of `text` suspect, empty where it gives none or only speaks of them. owner: the
    names by which it may speak of the owner, in lower case."""
    told = _plain(text, owner)
    if is_spoken_of(text):
        return ()
    orders = is_order(told)
    found = [(kind, pattern.search(told)) for kind, pattern in phrase_groups("orders", "suspect").items()]
    named = tuple(
        Suspicion(kind, " ".join(match.group().split())[:80])
        for kind, match in found
        if match
        and (orders or not kind.startswith(_NEEDS_AN_ORDER))
        and not (kind.startswith("hides") and _keeps_from_others(told, match.start()))
    )
    if named:
        return named
    if (source := names_a_source(text) or took_over(text)) and (stake := stake_of(text)):
        return (Suspicion(f"does what others ask for ({stake})", source),) if is_order(text) else ()
    if not (orders or _PASSIVE.search(told)):
        return ()
    signs = serves_others(told)
    return (Suspicion(f"serves somebody else, as it seems: {signs}", told[:80]),) if signs else ()


def is_order(text: str) -> bool:
    """Whether the text tells its reader to do something, now or always."""
    plain = text.strip()
    if phrases("orders", "standing").search(plain) or any(
        one.search(plain) for one in (_IMPERATIVE, _CLITIC, _IMPERSONAL)
    ):
        return True
    return bool(_GERMAN.search(plain) and _INFINITIVE.search(plain) and not _TOLD_OF.search(plain))


def is_spoken_of(text: str) -> bool:
    """Whether the text is about attacks, and not one."""
    return bool(phrases("orders", "spoken_of").search(text))


def names_a_source(text: str) -> str:
    """The words by which an entry says that it comes from a page, a mail or the like; "" without."""
    return _words_of("names_a_source", text)


def took_over(text: str) -> str:
    """The words by which a note says that others' advice was put into memory; "" without."""
    return _words_of("took_over", text)


def _words_of(guess: str, text: str) -> str:
    found = phrases("guesses", guess).search(text)
    return " ".join(found.group().split()) if found else ""


def condition(text: str) -> str:
    """What has to happen before the order of `text` is to be followed; "" where nothing has to."""
    found = phrases("orders", "condition").search(text)
    if found and (is_order(text[found.end() :].strip()) or is_order(text[: found.start()].strip())):
        return " ".join(found["what"].split())
    late = phrases("orders", "late_condition").search(text)
    if late and late.start() > 8 and is_order(text[: late.start()].strip()):
        return " ".join(late["what"].split())
    return ""


def _keeps_from_others(text: str, at: int) -> bool:
    """Whether the sentence around `at` keeps something from family or friends, or at some hours: tact."""
    begin = max(text.rfind(sign, 0, at) for sign in ".;!") + 1
    end = min((found for sign in ".;!" if (found := text.find(sign, at)) >= 0), default=len(text))
    return bool(phrases("orders", "from_others").search(text[begin:end]))


def _plain(text: str, owner: frozenset[str]) -> str:
    """Without longer quotations beside other text, and with “the user” for the owner's names."""
    told = _GUESSING.sub(" ", _QUOTED.sub(" ", text))
    told = told if len(told.split()) >= 4 else text
    return _names(owner).sub("the user", told) if owner else told


@lru_cache(maxsize=32)
def _names(owner: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(owner)))})(?!\w)", re.IGNORECASE)
