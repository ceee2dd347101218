"""What simulated users said in a run, kept for whoever goes on with it, and how faithful it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from pathlib import Path

from forwhom.lives.fidelity import Line, fidelity
from forwhom.results.appending import whole_lines
from forwhom.results.files import write_text


def simulated_users(path: Path, said: Sequence[Line]) -> dict[str, float | int | None]:
    """Add `said` to what is in `path`, and measure all of it; {} where nothing was said.

    Values that there are none of (one user alone is not told from others) are None. Raises InputError on a
    full disk.
    """
    lines = list(dict.fromkeys([*_read(path), *said]))
    if not lines:
        return {}
    write_text(path, "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in lines))
    return {name: value if isfinite(value) else None for name, value in asdict(fidelity(lines)).items()}


def _read(path: Path) -> Iterator[Line]:
    for told in whole_lines(path):
        with suppress(TypeError):  # of another version
            yield Line(**told)
