"""What a compositional study asks next: the cells that its search for emergent combinations waits for."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from forwhom.statistics.combinations import wanted
from forwhom.statistics.emergence import Combination
from forwhom.studies.expansion import found_in_search, layout_of, settings_of
from forwhom.studies.factors import CompositionSpec
from forwhom.studies.prepared import Prepared, prepare


def following(prepared: Prepared, results: pl.DataFrame) -> Prepared | None:
    """`prepared`, a study of factors, with further cells, of further systems; None where none is left.

    results: of the cells of `prepared`. A cell that is not in them could not be asked, and is not again.
    """
    study = prepared.study
    spec = study.composition or CompositionSpec()
    if not spec.search:
        return None
    layout = layout_of(study)
    planned = {(cell.probe.id, cell.system.name, cell.user.id) for cell in prepared.cells}
    left = (spec.cells or len(prepared.cells) * 1000) - len(prepared.cells)

    def can_ask(probe: str, combination: Combination, user: str) -> bool:
        return left > 0 and (probe, layout.name(combination), user) not in planned

    waiting = wanted(results, layout, settings_of(study), can_ask)
    if not waiting:
        return None
    asked = {(one.probe, layout.name(one.combination), user) for one in waiting for user in one.users}
    everything = prepare(found_in_search(study, [one.combination for one in waiting]))
    known = {cell.key for cell in prepared.cells}
    more = [
        cell
        for cell in everything.cells
        if cell.key not in known and (cell.probe.id, cell.system.name, cell.user.id) in asked
    ]
    if not more:
        return None
    return replace(everything, cells=(*prepared.cells, *more[:left]), skipped=prepared.skipped)
