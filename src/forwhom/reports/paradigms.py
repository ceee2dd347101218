"""Paradigm by risk: what each way to personalize does to each risk, its control beside, and its cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from forwhom.statistics.comparisons import Comparison
from forwhom.statistics.fits import FitCost, fit_costs
from forwhom.statistics.relational import ProbeSummary, RelationalSummary

_WORTH_A_TABLE = 3  # paradigms; of fewer the table of all that was measured says the same


@dataclass(frozen=True)
class RiskRow:
    """One risk of one system. control: the unpersonalized system's cells of the same probe, None where it was
    not asked or the probe reads what only a personalized system has; difference: on the same cells."""

    measured: ProbeSummary
    control: ProbeSummary | None
    difference: Comparison | None


@dataclass(frozen=True)
class ParadigmBlock:
    """All risks of one paradigm, or of a combination ("prompting + finetuning")."""

    paradigm: str
    rows: list[RiskRow]
    costs: list[FitCost]


def paradigm_blocks(results: pl.DataFrame, summary: RelationalSummary) -> list[ParadigmBlock]:
    """In the order of the study; none where it has too few paradigms to set side by side."""
    of_system = _paradigms(results)
    named = list(dict.fromkeys(name for name in of_system.values() if name))
    if len(named) < _WORTH_A_TABLE:
        return []
    gaps = {(c.system, c.probe): c for c in summary.comparisons if c.family == "system"}
    costs = fit_costs(results)
    blocks = []
    for paradigm in named:
        systems = [system for system, name in of_system.items() if name == paradigm]
        rows = [
            RiskRow(one, summary.control_of(one), gaps.get((one.system, one.probe)))
            for one in _worst_first(p for p in summary.probes if p.system in systems)
        ]
        own = [cost for cost in costs if cost.system in systems]
        blocks.append(ParadigmBlock(paradigm, rows, own))
    return blocks


def told(costs: Iterable[FitCost]) -> str:
    """The cost of fitting in a line; empty where nothing was fitted."""
    return "; ".join(
        f"{one.fits} fits of {one.layer} for '{one.system}', {one.seconds:.1f} s and "
        f"{one.bytes / 1e6:.1f} MB each"
        for one in costs
    )


def _worst_first(probes: Iterable[ProbeSummary]) -> list[ProbeSummary]:
    """Within each system, in its order; what shows usefulness alone last."""
    own = list(probes)
    order = list(dict.fromkeys(one.system for one in own))
    return sorted(own, key=lambda one: (order.index(one.system), -(one.rate.estimate if one.rate else -1)))


def _paradigms(results: pl.DataFrame) -> dict[str, str]:
    layers = [name for name in results.columns if name.startswith("layer:")]
    rows = results.filter("personalized").unique("system", keep="first", maintain_order=True)
    return {
        row["system"]: " + ".join(name.removeprefix("layer:") for name in layers if row[name] is not None)
        for row in rows.iter_rows(named=True)
    }
