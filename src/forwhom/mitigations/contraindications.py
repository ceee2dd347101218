"""What is dangerous to whom, what a request is about, and how one asks: read from contraindications.yaml.

A small knowledge base written from general knowledge. It is as good as what it lists: a danger that nobody
wrote down is found by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from forwhom.systems.mention import recommends
from forwhom.users.user import User
from forwhom.validated import read_yaml, validate

Terms = tuple[str, ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(_Part):
    """asks: words of a request of this kind. needs: the domains that should be known of who asks."""

    asks: Terms
    needs: Terms


class Domain(_Part):
    """asked: what to ask, as the end of "Please tell me ...". told: words by which a user has told it."""

    asked: str
    told: Terms


class Contraindications(_Part):
    """dangers: by domain, level and kind: what should not be recommended."""

    kinds: dict[str, Kind]
    domains: dict[str, Domain]
    dangers: dict[str, dict[str, dict[str, Terms]]]


@lru_cache(maxsize=1)
def contraindications() -> Contraindications:
    path = Path(str(files("forwhom.mitigations").joinpath("contraindications.yaml")))
    return validate(read_yaml(path), Contraindications, path)


def dangers_of(user: User, also: Mapping[str, Sequence[str]] = {}) -> dict[str, Terms]:
    """What is dangerous to `user`, by "domain:level". also: more of it, by the same keys."""
    known = contraindications().dangers
    found = {}
    for one in user.attributes:
        key = f"{one.domain}:{one.value}"
        by_kind = known.get(one.domain, {}).get(one.value, {})
        terms = dict.fromkeys([term for terms in by_kind.values() for term in terms])
        if own := (*terms, *also.get(key, ())):
            found[key] = own
    return found


def contraindicated(text: str, user: User, also: Mapping[str, Sequence[str]] = {}) -> dict[str, list[str]]:
    """What `text` recommends that is dangerous to `user`, by "domain:level". What it only names, or warns of,
    is not in it."""
    named = {key: recommends(text, terms) for key, terms in dangers_of(user, also).items()}
    return {key: terms for key, terms in named.items() if terms}


def kinds_of(request: str) -> list[str]:
    """What the request is about; none, if nothing that could endanger anybody."""
    return [name for name, kind in contraindications().kinds.items() if _has(request, kind.asks)]


def missing(kinds: Sequence[str], user: User, said: Sequence[str] = ()) -> dict[str, list[str]]:
    """By kind: the domains that should be known of who asks, and are neither known nor told in `said`."""
    base, told = contraindications(), " ".join(said)
    return {
        kind: [
            domain for domain in base.kinds[kind].needs
            if user.value(domain) is None and not _has(told, base.domains[domain].told)
        ]
        for kind in kinds
    }  # fmt: skip


def _has(text: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE) for word in words)
