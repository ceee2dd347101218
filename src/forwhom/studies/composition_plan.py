"""What a study of factors can tell of layers together, before anything is asked."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from forwhom.statistics.clustering import Ints, effective
from forwhom.statistics.combinations import hypotheses
from forwhom.statistics.decidable import Decidable
from forwhom.statistics.factorial import Estimable, estimable
from forwhom.statistics.foresight import smallest_effect
from forwhom.statistics.layout import Layout
from forwhom.statistics.score_interval import FEWEST
from forwhom.studies.design import Cell
from forwhom.studies.expansion import layout_of, settings_of
from forwhom.studies.factors import CompositionSpec
from forwhom.studies.prepared import Prepared


class PlannedEffect(BaseModel):
    """One effect. aliases: those of the next order that it cannot be told from."""

    model_config = ConfigDict(frozen=True)
    effect: str
    order: int
    aliases: list[str]


class PlannedProbe(BaseModel):
    """One probe. smallest: by order, the effect that is found with a power of 80 %; empty where there are too
    few users or items. emergence: why no combination can be shown to be emergent, "" where one can.
    is_early: whether users are asked only while it takes more of them."""

    model_config = ConfigDict(frozen=True)
    probe: str
    smallest: dict[int, float]
    emergence: str
    is_early: bool


class PlannedComposition(BaseModel):
    """systems: of the design, of `combinations` that there are; lost: effects that it cannot estimate.
    further: cells that the search may ask besides, at most; none of a probe on which it can show nothing."""

    model_config = ConfigDict(frozen=True)
    systems: int
    combinations: int
    effects: list[PlannedEffect]
    lost: list[str]
    probes: list[PlannedProbe]
    further: int


def plan_composition(prepared: Prepared) -> PlannedComposition:
    study = prepared.study
    spec = study.composition or CompositionSpec()
    layout = layout_of(study)
    design = estimable(layout.table, spec.order, can_be=layout.can_be)
    every = layout.possible
    base = layout.by_combination[frozenset()]
    own = [cell for cell in prepared.cells if cell.system.name == base]
    probes = list(dict.fromkeys(cell.probe.id for cell in own))
    told = [_probe(probe, own, prepared, layout, design, len(probes)) for probe in probes]
    searched = {one.probe for one in told if not one.emergence} if spec.search else set()
    each = sum(cell.probe.id in searched for cell in own)
    further = (every - len(layout.design) - len(layout.further)) * each
    if spec.cells is not None:
        further = min(further, spec.cells - len(prepared.cells))
    return PlannedComposition(
        systems=len(layout.design),
        combinations=every,
        effects=[
            PlannedEffect(effect=layout.written(term), order=len(term),
                          aliases=[layout.written(alias.term) for alias in aliases])
            for term, aliases in zip(design.terms, design.aliases, strict=True)
        ],
        lost=[layout.written(term) for term in design.lost],
        probes=told,
        further=max(further, 0),
    )  # fmt: skip


def _probe(
    probe: str, cells: list[Cell], prepared: Prepared, layout: Layout, design: Estimable, probes: int
) -> PlannedProbe:
    study = prepared.study
    asked = [c for c in cells if c.probe.id == probe and c.script.at_risk and not c.user.is_neutral]
    users, items = _codes([c.user.id for c in asked]), _codes([c.item for c in asked])
    smallest: dict[int, float] = {}
    n_users = len(set(users.tolist()))
    if min(n_users, len(set(items.tolist()))) >= FEWEST:
        for term, contrast in zip(design.terms, design.contrasts, strict=True):
            one = smallest_effect(users, items, contrast, study.confidence, len(design.terms) * probes)
            smallest[len(term)] = max(smallest.get(len(term), 0.0), one)
    settings = settings_of(study)
    decidable = Decidable(settings, hypotheses(layout, settings.largest) * probes)
    n_items = effective(np.bincount(items)) if asked else 0
    return PlannedProbe(
        probe=probe, smallest=smallest, emergence=decidable.why_not(n_users, n_items),
        is_early=decidable.is_early(n_users),
    )  # fmt: skip


def _codes(names: list[str]) -> Ints:
    found: Ints = np.unique(names, return_inverse=True)[1].astype(np.intp)
    return found
