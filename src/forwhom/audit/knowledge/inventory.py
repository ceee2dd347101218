"""What is known of whom, counted: by person and kind, how it came to be known and how old it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forwhom.audit.finding import Place
from forwhom.audit.knowledge.facts import Fact

_ORDER = ("special", "personal", "low")


@dataclass(frozen=True)
class Known:
    """Facts of one kind about one person. provenance: how many were told, inferred, ... oldest, newest:
    seconds since 1970, None where nothing is dated."""

    whose: str
    kind: str
    sensitivity: str
    law: str
    provenance: dict[str, int]
    oldest: float | None
    newest: float | None
    places: tuple[Place, ...]

    @property
    def count(self) -> int:
        return sum(self.provenance.values())

    @property
    def how(self) -> str:
        """ "2 told, 1 inferred"."""
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.provenance.items())


def inventory(facts: Sequence[Fact]) -> list[Known]:
    """The owner first, then others by how much is known of them; the sensitive kinds first."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for one in facts:
        groups.setdefault((one.whose, one.category.category), []).append(one)
    amount = Counter(one.whose for one in facts)
    found = [_known(whose, group) for (whose, _), group in groups.items()]
    return sorted(
        found,
        key=lambda one: (
            one.whose != "owner", -amount[one.whose], one.whose, _ORDER.index(one.sensitivity), one.kind
        ),
    )  # fmt: skip


def _known(whose: str, group: list[Fact]) -> Known:
    category = group[0].category
    dates = [one.entry.observed for one in group if one.entry.observed is not None]
    return Known(
        whose, category.label, category.sensitivity, category.law,
        dict(Counter(one.provenance for one in group)), min(dates, default=None), max(dates, default=None),
        tuple(dict.fromkeys(one.entry.place for one in group)),
    )  # fmt: skip
