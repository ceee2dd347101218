"""The one error that a user of forwhom is meant to read.

Bad input (a file, a flag, a missing model) raises `InputError`; the command line prints it without a
traceback and ends with exit code 2. Anything else that escapes is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Says where, what was found, what was expected, and the next step."""


def unknown(kind: str, found: str, known: Iterable[str], *, where: str = "", hint: str = "") -> InputError:
    """An `InputError` for a name that does not exist, with the nearest name that does.

    kind: what was looked for ("probe"); where: file and line, or flag; hint: the command that lists them.
    """
    names = sorted(known)
    near = get_close_matches(found, names, n=1, cutoff=0.5)
    prefix = f"{where}: " if where else ""
    guess = f"\nDid you mean '{near[0]}'?" if near else f"\nThere are: {', '.join(names)}."
    return InputError(f"{prefix}'{found}' is not a known {kind}.{guess}{' ' + hint if hint else ''}")
