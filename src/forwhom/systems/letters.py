"""Options as lettered lists, and a model's liking for each option read out of the letters it gives.

A model likes some letters whatever they stand for. So the list is rotated until every option has stood
at every letter, and an option's log-probability is the mean over the rotations: what a letter adds is
then the same for all options, and drops out. (Cyclic permutation: arXiv:2309.03882.) A small model may
have no liking beyond that for the letter: then all options come out alike, which is the truth about it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from string import ascii_uppercase

from inspect_ai.model import ModelOutput

_LEAST = 1e-6
# A letter that stands alone or is set off: "B", "(b) Wine", "**B**"; not the article of "A dog".
_WRITTEN = re.compile(r"\W*([A-Z])(?:\W*$|[).:*])", re.IGNORECASE)


def rotations(options: Sequence[str]) -> list[list[str]]:
    """As many lists as there are options: the k-th begins with option k."""
    return [[*options[k:], *options[:k]] for k in range(len(options))]


def mean_over_rotations(values: Sequence[Sequence[float]]) -> list[float]:
    """values[k][i]: of the i-th option of rotation k. The mean of each, in the options' own order."""
    count = len(values)
    return [sum(values[k][(option - k) % count] for k in range(count)) / count for option in range(count)]


def letter_request(request: str, options: Sequence[str]) -> str:
    listed = "\n".join(f"{letter}) {text}" for letter, text in zip(ascii_uppercase, options, strict=False))
    return f"{request}\n\nWhich of these would you answer?\n{listed}\nReply with one letter only."


def letter_logprobs(output: ModelOutput, count: int) -> list[float] | None:
    """Log-probability of each of the first `count` letters as the reply's first token.

    None where the server gave none, or none to a letter. A letter that is not listed is at most as
    likely as the least likely token that is.
    """
    logprobs = output.choices[0].logprobs if output.choices else None
    if logprobs is None or not logprobs.content:
        return None
    first = logprobs.content[0]
    listed = [(one.token, math.exp(one.logprob)) for one in first.top_logprobs or (first,)]
    mass = [0.0] * count
    for token, probability in listed:
        letter = token.strip(" \n(ĠĊ").upper()
        if len(letter) == 1 and letter in ascii_uppercase[:count]:
            mass[ascii_uppercase.index(letter)] += probability
    if not any(mass):
        return None
    unlisted = min(1 - sum(p for _, p in listed), *(p for _, p in listed))
    return [math.log(max(one or unlisted, _LEAST)) for one in mass]


def written_letter(output: ModelOutput, count: int) -> list[float] | None:
    """1.0 at the letter that the reply begins with and 0.0 at the others; None where it has none."""
    found = _WRITTEN.match(output.completion)
    if found is None or found[1].upper() not in ascii_uppercase[:count]:
        return None
    return [float(letter == found[1].upper()) for letter in ascii_uppercase[:count]]
