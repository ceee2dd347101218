"""Factors that cannot be studied, each with a message that says what would do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forwhom.errors import InputError, unknown
from forwhom.statistics.factorial import OFF
from forwhom.studies.factors import CompositionSpec, FactorSpec, both_act, is_excluded
from forwhom.systems.layer import layer_names, layer_type
from forwhom.validated import line_of


def check_factors(factors: Sequence[FactorSpec], spec: CompositionSpec, document: Any, path: Path) -> None:
    """Raises InputError with the line of what does not go together. document: as it was read from `path`."""

    def where(*at: str | int) -> str:
        return f"{path}, line {line_of(document, at)}"

    names = [one.name for one in factors]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError(
                f"{where('factors', index, 'name')}: two factors are called '{name}'; rename one."
            )
    if len(factors) < 2:
        raise InputError(
            f"{where('factors')}: factors: one factor alone is in no combination; name two or more, or list "
            "'systems' instead."
        )
    levels = {one.name: tuple(one.on) for one in factors}
    for index, entry in enumerate(spec.exclude):
        for told in entry:
            name, _, level = told.partition("=")
            place = where("composition", "exclude", index)
            if name not in levels:
                raise unknown("factor", name, names, where=place)
            if level and level not in levels[name]:
                raise unknown(f"level of '{name}'", level, levels[name], where=place)
        if len({told.partition("=")[0] for told in entry}) < 2:
            raise InputError(
                f"{where('composition', 'exclude', index)}: exclude: {entry[0]} cannot exclude itself; name "
                "two factors or more, or leave the factor out."
            )
    for index, (first, second) in enumerate(spec.orders):
        place = where("composition", "orders", index)
        for name in (first, second):
            if name not in levels:
                raise unknown("factor", name, names, where=place)
        run = {one.name: next(iter(one.on)) if one.name in (first, second) else OFF for one in factors}
        if is_excluded(run, spec.exclude):
            raise InputError(
                f"{place}: orders: {first} and {second} are excluded; take the pair out of one of "
                "'exclude' and 'orders'."
            )
        if first == second or any(len(levels[name]) > 1 for name in (first, second)):
            raise InputError(f"{place}: orders: a pair is of two factors with one level each besides 'off'; "
                             f"found {first} and {second}.")  # fmt: skip
    acting = frozenset(name for name in layer_names() if layer_type(name).acts())
    off = dict.fromkeys(names, OFF)
    together = [pair for pair in both_act(factors, acting) if not is_excluded(off | dict(pair), spec.exclude)]
    if together:
        pairs = [
            [name if len(levels[name]) == 1 else f"{name}={level}" for name, level in pair]
            for pair in together
        ]
        needed = ", ".join(f"[{one}, {other}]" for one, other in pairs)
        place = where("factors", names.index(together[0][1][0]))
        raise InputError(
            f"{place}: {' and '.join(pairs[0])} both act for the user, and only one of them can give "
            "the answer: they cannot be together. Say so:\n"
            f"composition:\n  design: optimal\n  exclude: [{needed}]"
        )
