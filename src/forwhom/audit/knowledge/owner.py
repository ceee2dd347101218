"""By which names a memory speaks of its owner."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.names import NAME, RELATION, is_name
from forwhom.audit.reading.deployment import Deployment

_NAMED = re.compile(
    r"(?:\bname\b[*_]{0,2}\s*(?:[:=–—]|is\b|ist\b|es\b)[\s*_]{1,4}|\bich heiße\s+|\bme llamo\s+|"
    r"\bje m[’']appelle\s+|what to call (?:them|her|him)\W{1,8}|\bcall (?:me|her|him|them)\s+|"
    r"\bmy name is\s+|"
    r"\buser is\s+|\bhuman\W{1,6}|\bowner\W{1,6}|\bllámame\s+|\bnenn(?:e|"
    r"t)? mich\s+)(?-i:([A-ZÄÖÜÉÁ][\w-]+))",
    re.IGNORECASE,
)
_AGENT = re.compile(r"openclaw|clawd|moltbot|agent|assistant|\bbot\b|noreply|\.local>", re.IGNORECASE)


@lru_cache(maxsize=8)
def owner_names(deployment: Deployment) -> frozenset[str]:
    """In lower case: whom the agent serves first. As USER.md says, as channels name the owner, as Git names
    authors who are no agents, and whom memory mostly speaks of."""
    found: set[str] = set()
    begins: Counter[str] = Counter()
    for text in deployment.of_kind("user model", "memory"):
        for entry in entries_of(text):
            told = entry.text.replace("*", "")
            if not (text.kind == "memory" and (RELATION.search(told) or entry.record)):
                found.update(_NAMED.findall(told))
            if (match := NAME.match(told)) and is_name(match.group(1)):
                begins[match.group(1)] += 1
    found.update(one.name.split()[0] for one in deployment.said_by_owner if one.name)
    for version in deployment.history:
        if (match := NAME.match(version.author)) and not _AGENT.search(version.author):
            found.add(match.group(1))
    most = begins.most_common(2)
    if not found and most and most[0][1] >= 2 and (len(most) == 1 or most[0][1] > most[1][1]):
        found.add(most[0][0])
    return frozenset({name.lower() for name in found} - {"name", "the", "human", "user"})
