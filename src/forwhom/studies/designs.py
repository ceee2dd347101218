"""Which combinations of factors become systems: all, a fraction, a covering array, or the D-optimal few."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import covertable
import numpy as np
import polars as pl
from pydoe import fracfact_by_res, optimal_design

from forwhom.errors import InputError
from forwhom.statistics.factorial import OFF, Term, column_of, estimable
from forwhom.statistics.layout import Run
from forwhom.studies.factors import CompositionSpec, FactorSpec, is_excluded, run_name

_MOST = 4096  # combinations among which an optimal design is sought, and systems of a full one


def runs_of(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    """The systems of a design, the one without any factor first.

    Raises InputError where there is no such design; the message says what would do.
    """
    made = {"full": _full, "fractional": _fractional, "covering": _covering, "optimal": _optimal}[spec.design]
    nothing: Run = {one.name: OFF for one in factors}
    runs = [nothing, *(run for run in made(factors, spec) if run != nothing)]
    return list({run_name(run, factors): run for run in runs}.values())


def as_table(runs: Sequence[Run], factors: Sequence[FactorSpec]) -> pl.DataFrame:
    """A row a run, a column a factor."""
    return pl.DataFrame({one.name: [run[one.name] for run in runs] for one in factors})


def combinations_of(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    """Every combination that is not excluded."""
    levels = [[OFF, *one.on] for one in factors]
    count = int(np.prod([len(one) for one in levels]))
    if count > _MOST:
        raise InputError(
            f"composition.design: {spec.design}: {len(factors)} factors have {count:,} combinations, more "
            f"than the {_MOST:,} that can be gone through; use design: covering (or fractional), or fewer "
            "factors."
        )
    runs = [dict(zip([one.name for one in factors], row, strict=True)) for row in product(*levels)]
    return [run for run in runs if not is_excluded(run, spec.exclude)]


def _full(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    return combinations_of(factors, spec)


def _fractional(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    several = [one.name for one in factors if len(one.on) > 1]
    if several:
        raise InputError(
            f"composition.design: fractional: factor '{several[0]}' has more than two levels; use design: "
            "covering, optimal or full, or make its levels factors of their own that exclude each other."
        )
    if spec.exclude:
        raise InputError(
            "composition.design: fractional: a fraction cannot leave out what 'exclude' names; use design: "
            "optimal with a number of 'runs', or covering."
        )
    count = len(factors)
    if spec.resolution > count:
        return combinations_of(factors, spec)
    rows = fracfact_by_res(count, spec.resolution) if count > 1 else np.array([[-1.0], [1.0]])
    # A fraction by its generators holds the run with all factors or none by chance; the mirror image that
    # holds none has the same resolution: what is compared with is then a run of the design.
    rows = rows * -rows[0]
    return [{one.name: "on" if x > 0 else OFF for one, x in zip(factors, row, strict=True)} for row in rows]


def _covering(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    if spec.strength > len(factors):
        raise InputError(
            f"composition.strength: {spec.strength} is more than the {len(factors)} factors; at most "
            f"{len(factors)}."
        )
    constraints = [
        {"operator": "fn", "requires": names, "evaluate": partial(_allowed, entry)}
        for entry in spec.exclude
        if (names := sorted({one.partition("=")[0] for one in entry}))
    ]
    levels: dict[str, Any] = {one.name: [OFF, *one.on] for one in factors}
    rows = covertable.make(levels, strength=spec.strength, constraints=constraints)
    return [{one.name: str(dict(row)[one.name]) for one in factors} for row in rows]


def _allowed(entry: Sequence[str], row: Any) -> bool:
    return not is_excluded({**row}, [entry])


def fewest_runs(factors: Sequence[FactorSpec], spec: CompositionSpec) -> int:
    """So many systems can tell the mean and all effects up to the order apart."""
    return len(_told(as_table(combinations_of(factors, spec), factors), spec)) + 1


def _told(table: pl.DataFrame, spec: CompositionSpec) -> tuple[Term, ...]:
    """What exclusions leave to be told."""
    return estimable(table, spec.order, beyond=0).terms


def _optimal(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[Run]:
    """D-optimal for the mean and all effects up to the order, one by one; the base is among them."""
    candidates = combinations_of(factors, spec)
    table = as_table(candidates, factors)
    told = _told(table, spec)
    columns = np.column_stack([column_of(table, term) for term in told])
    needed = len(told) + 1
    runs = needed if spec.runs is None else spec.runs
    if runs < needed:
        raise InputError(
            f"composition.runs: {runs} systems cannot tell {needed - 1} effects up to order {spec.order} and "
            f"the mean apart; at least {needed} can, or a lower 'order'."
        )
    if runs >= len(candidates):
        return candidates
    chosen, _ = optimal_design(columns, runs, degree=1, criterion="D", method="sequential", alpha=1e-6)
    left = list(range(len(candidates)))
    found = []
    for row in chosen:
        place = next(one for one in left if np.allclose(columns[one], row))
        left.remove(place)
        found.append(place)
    if 0 not in found:  # the base, the first of the candidates: in place of the run that tells least
        x = np.column_stack([np.ones(len(candidates)), columns])

        def told_without(out: int) -> float:
            rows = x[[0, *(one for one in found if one != out)]]
            return float(np.linalg.slogdet(rows.T @ rows)[1])

        found.remove(max(found, key=told_without))
        found.insert(0, 0)
    return [candidates[place] for place in found]
