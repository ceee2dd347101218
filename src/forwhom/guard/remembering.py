"""A tool call that writes memory, judged by the mitigations of the memory stage.

In front of a model there is no store of ours; what an agent remembers it writes by a tool. So of each
sentence that is to be written it is asked whose word it is: others', where it stands in what they wrote (word
for word, or three quarters of its longer words in one of their sentences, and more of them than in any of the
user's); else the user's. What a model says in other words is taken for the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from forwhom.mitigations.taint_control import comes_from
from forwhom.systems.layer import Exchange, Happening

_SHARE = 0.75
_FEWEST = 2  # longer words of a sentence that can be told from any other
_WORD = re.compile(r"\w{4,}")
_END = re.compile(r"((?<=[.!?;])\s+|\n+)")


def remembered(text: str, read: Sequence[str] | None, exchange: Exchange) -> tuple[str, tuple[str, ...]]:
    """What of `text` may be written to memory, and the mitigations that changed it; none: all of it.

    read: what others wrote, as far as it is known here; None: all of `text` is others' word."""
    log = [*exchange.log, Happening("say", exchange.request, exchange.known, exchange.session)]
    asked = replace(exchange, log=log)
    kept, changing = [], dict[str, None]()
    own = [one.text for one in log if one.is_by(exchange.known)]
    for is_others, part in [(True, text)] if read is None else _by_author(text, read, own):
        happened: Happening | None = Happening(
            "document" if is_others else "say", part, None if is_others else asked.known, asked.session
        )
        for guard in asked.guards:
            before = happened
            happened = guard.admits(happened, asked) if happened else None
            if before is not None and (happened is None or happened.text != before.text):
                changing[guard.name] = None
        kept.append(happened.text if happened else "")
    return ("".join(kept) if changing else text), tuple(changing)


def _by_author(text: str, read: Sequence[str], own: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """`text` in parts, each all others' word or none of it; together they are `text`."""
    pieces = _END.split(text)
    sentences = [(piece, end) for piece, end in zip(pieces[::2], [*pieces[1::2], ""], strict=True)]
    others, users = list(_sets(read)), list(_sets(own))
    told = [(_is_others(one, read, own, others, users), one + end) for one, end in sentences]
    for is_others, group in groupby(told, key=lambda one: one[0]):
        yield is_others, "".join(part for _, part in group)


def _is_others(
    sentence: str, read: Sequence[str], own: Sequence[str],
    others: Sequence[set[str]], users: Sequence[set[str]],
) -> bool:  # fmt: skip
    words = _words(sentence)
    if len(words) < _FEWEST or comes_from(sentence, own):
        return False
    share = _most_shared(words, others)
    return comes_from(sentence, read) or (share >= _SHARE and share > _most_shared(words, users))


def _most_shared(words: set[str], sentences: Iterable[set[str]]) -> float:
    return max((len(words & one) / len(words) for one in sentences), default=0.0)


def _sets(texts: Iterable[str]) -> Iterator[set[str]]:
    return (_words(one) for text in texts for one in _END.split(text)[::2])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def texts_at(given: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Each text at `path` ("content", "edits.*.newText"): what holds it, its key there, and itself."""
    name, _, rest = path.partition(".")
    keys: Iterable[Any] = ()
    if isinstance(given, dict):
        keys = list(given) if name == "*" else [name] if name in given else []
    elif isinstance(given, list):
        keys = range(len(given)) if name == "*" else []
    for key in keys:
        if rest:
            yield from texts_at(given[key], rest)
        elif isinstance(given[key], str):
            yield given, key, given[key]
