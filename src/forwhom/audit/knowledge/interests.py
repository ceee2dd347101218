"""Whose interest an order serves, where no single phrase says so: by what comes together in it.

A stranger's name or address, a thing of value, urgency, talk or checks that are forbidden, and the owner as
somebody to be acted on: three of them are seldom the owner's own wish. An order that protects (“never pay
without asking”) counts for none.
"""

from __future__ import annotations

import re

from forwhom.audit.knowledge.names import is_name
from forwhom.audit.knowledge.phrases import phrase_groups, phrases
from forwhom.audit.knowledge.words import listed

_NAME = re.compile(r"(?<=[\w,;:’'\"“(] )(?:[A-ZÄÖÜ][\w&-]*[a-z][\w&-]*)(?:['’]s)?|(?<=[\w,;:] )[A-Z]{3,}\b")
_ADDRESS = re.compile(r"https?://|www\.|[\w.+-]+@[\w-]+\.\w+|\+\d[\d ()-]{7,}")
_NO_NAMES = frozenset(listed("no_names")) | frozenset(listed("files"))
_NEEDED = frozenset({"value", "the owner to be acted on"})
_ENOUGH = 3


def serves_others(text: str) -> str:
    """What comes together in an order, in words; "" where it is too little. “the user” is the owner."""
    if phrases("interests", "protects").search(text):
        return ""
    found = [name for name, pattern in phrase_groups("interests", "signs").items() if pattern.search(text)]
    if _NEEDED.intersection(found) and (_ADDRESS.search(text) or _strangers(text)):
        found.append("a stranger")
        return ", ".join(found) if len(found) >= _ENOUGH else ""
    return ""


def stake_of(text: str) -> str:
    """What shows that an order which came from elsewhere serves who gave it, in words; "" without."""
    if phrases("interests", "protects").search(text):
        return ""
    found = (name for name, pattern in phrase_groups("interests", "stakes").items() if pattern.search(text))
    return ", ".join(found)


def _strangers(text: str) -> bool:
    """A name in the middle of a sentence; German writes every noun large, so there more has to be said."""
    names = [re.sub(r"['’]s$", "", one) for one in _NAME.findall(text)]
    others = [one for one in names if one not in _NO_NAMES and is_name(one)]
    is_german = bool(phrases("interests", "german").search(text))
    return bool(others) and (not is_german or bool(phrases("interests", "german_name").search(text)))
