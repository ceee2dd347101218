"""The tables "How well it holds" of docs/composition.md: python -m tests.controls.stacks_measured

It takes a few minutes on one core and prints them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.controls.stacks import (
    Searched,
    bets_search,
    estimates,
    part_just_at,
    planted,
    table_search,
    together_just_at,
)

_BETS = "8 factors, 64 users, tolerance 20 %, one after another"
_ALL = "5 factors, 12 users, 12 items, tolerance 50 %, all at once"


def _row(search: str, truth: str, one: Searched) -> str:
    sets = f"{one.found} of {one.planted}" if one.planted else "none planted"
    return f"| {search} | {truth} | {one.studies} | {sets} | {one.false} | {one.cells:.0%}, {one.most:.0%} |"


def rows() -> Iterator[str]:
    """Every search that the table holds."""
    for base, up in ((0.03, 0.6), (0.05, 0.5), (0.15, 0.15), (0.2, 0.2)):
        found = bets_search(200, planted(64, 12, base, up, 8), 0.2)
        yield _row(_BETS, f"{base:.0%}, with a set {up:.0%}", found)
    yield _row(_BETS, "3%, a pair just 20%", bets_search(200, together_just_at(0.2, 64, 12, 0.03), 0.2))
    part = part_just_at(0.2, 64, 12, 0.03, 0.6)
    yield _row(_BETS, "3%, a pair 60%, one of its parts just 20%", bets_search(200, part, 0.2))
    for base, up in ((0.05, 0.95), (0.25, 0.75), (0.5, 0.5)):
        found = table_search(60, planted(12, 12, base, up, 5, largest=2), 0.5, 5)
        yield _row(_ALL, f"{base:.0%}, with a set {up:.0%}", found)
    yield _row(_ALL, "5%, a pair just 50%", table_search(200, together_just_at(0.5, 12, 12, 0.05), 0.5, 5))
    part = part_just_at(0.5, 12, 12, 0.05, 0.95)
    yield _row(_ALL, "5%, a pair 95%, one of its parts just 50%", table_search(200, part, 0.5, 5))


if __name__ == "__main__":
    print("| Search | Truth | Studies | Sets found | False claims | Cells |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows():
        print(row, flush=True)
    print("\nEffects, none planted:", estimates(60, 12, 6), "\n2 in log-odds:", estimates(60, 12, 6, 2.0))
