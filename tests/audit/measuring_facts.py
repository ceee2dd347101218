"""How many stored facts about people an audit finds, and whether it says rightly of what kind and whose.

A planted fact is found where a fact is told at its line. Kind: special categories must be told as such, and
the rest as not; the sort matters less. Only lines with a planted fact or a finding count: what else a memory
holds is events, of which some could be called facts.

    python -m tests.audit.measuring_facts dev
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.reading.read import read_deployment
from tests.audit.building import build
from tests.audit.deployment import SPECIAL, written_deployments


def measure(*sets: str) -> Counter[str]:
    """Counts: planted, found; of the found: kind and whose rightly told, sure: provenance told at all, and
    rightly; special: told as special, and right of these."""
    counts: Counter[str] = Counter()
    for path in written_deployments(*sets):
        with TemporaryDirectory() as folder:
            built = build(path, Path(folder))
            facts = facts_of(read_deployment(Path(folder)))
            special_lines = set()
            for planted in built.deployment.planted_facts:
                if planted.file.endswith((".sqlite", ".jsonl")):
                    continue
                lines = {(planted.file, line) for line in built.lines(planted)}
                if planted.category in SPECIAL:
                    special_lines |= lines
                here = [one for one in facts if (one.entry.place.file, one.entry.place.line) in lines]
                counts["planted"] += 1
                counts["found"] += bool(here)
                counts["kind"] += any(one.category.category == planted.category for one in here)
                counts["whose"] += any((one.whose == "owner") == (planted.whose == "owner") for one in here)
                sure = [one for one in here if one.provenance != "unknown"]
                counts["sure"] += bool(sure)
                counts["provenance"] += any(one.provenance == planted.provenance for one in sure)
            told = {(one.entry.place.file, one.entry.place.line) for one in facts if one.is_special}
            counts["special"] += len(told)
            counts["special right"] += len(told & special_lines)
            counts["special planted"] += len(special_lines)
    return counts


def main() -> None:
    counts = measure(*sys.argv[1:])
    pairs = (
        ("found", "planted"), ("kind", "found"), ("whose", "found"), ("sure", "found"),
        ("provenance", "sure"),
        ("special right", "special"), ("special right", "special planted"),
    )  # fmt: skip
    for name, of in pairs:
        part, whole = counts[name], counts[of]
        print(f"{name} / {of}: {part} / {whole} = {part / max(1, whole):.2f}")


if __name__ == "__main__":
    main()
