"""From factors to systems: those of the design, of other orders, and of the search; and back again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forwhom.errors import InputError
from forwhom.statistics.decidable import Settings
from forwhom.statistics.emergence import Combination
from forwhom.statistics.factorial import OFF
from forwhom.statistics.layout import Layout, Run
from forwhom.studies.designs import fewest_runs, runs_of
from forwhom.studies.factors import CompositionSpec, FactorSpec, run_layers, run_name
from forwhom.studies.study import Composed, Study, SystemSpec
from forwhom.systems.layer import layer_type


def expanded(study: Study, cells_of: Callable[[SystemSpec], int]) -> Study:
    """The study with the systems that its factors make; itself where it has some.

    cells_of: how many cells a system is asked. Raises InputError where there is no such design.
    """
    if study.systems or not study.factors:
        return study
    spec = study.composition or CompositionSpec()
    settings_of(study)  # a tolerance that nothing can show, before anything is asked
    each = cells_of(_system(dict.fromkeys((one.name for one in study.factors), OFF), study.factors))
    runs = _designed(study, spec, each)
    systems = [_system(run, study.factors) for run in runs]
    others = [one for one in _orders(study.factors, spec) if one.name not in {same.name for same in systems}]
    cells = each * (len(systems) + len(others))
    if spec.cells is not None and cells > spec.cells:
        raise InputError(
            f"study '{study.name}', composition.cells: {spec.cells:,} is less than the {cells:,} cells of "
            f"this design ({len(systems) + len(others)} systems of {each} cells); allow {cells:,}, ask fewer "
            "users or items, or use design: optimal with a lower 'order'."
        )
    return study.model_copy(update={"systems": (*systems, *others)})


def _designed(study: Study, spec: CompositionSpec, each: int) -> list[Run]:
    """The runs of the design; those of an optimal one as many as the cells allow, `each` a system, or half of
    them (and what the effects need) where a search follows."""
    if spec.cells is None or spec.design != "optimal" or spec.runs is not None:
        return runs_of(study.factors, spec)
    allowed = max(spec.cells // max(each, 1) - 2 * len(spec.orders), 0)
    runs = min(max(allowed // 2, fewest_runs(study.factors, spec)), allowed) if spec.search else allowed
    try:
        return runs_of(study.factors, spec.model_copy(update={"runs": runs}))
    except InputError as error:
        raise InputError(
            f"study '{study.name}', composition.cells: {spec.cells:,} cells allow {max(runs, 0)} systems of "
            f"{each} cells"
            + (f" besides the {2 * len(spec.orders)} of 'orders'. " if spec.orders else ". ")
            + str(error)
        ) from None


def found_in_search(study: Study, combinations: Sequence[Combination]) -> Study:
    """The study with the systems of these combinations, too, where it lacks them."""
    layout = layout_of(study)
    new = [one for one in dict.fromkeys(combinations) if one not in layout.by_combination]
    more = [_system(layout.run(one), study.factors, why="search") for one in new]
    return study.model_copy(update={"systems": (*study.systems, *more)})


def layout_of(study: Study) -> Layout:
    """Which factors each system of an expanded study has."""
    told = [(one.name, one.composed) for one in study.systems if one.composed is not None]
    return Layout(
        factors={one.name: tuple(one.on) for one in study.factors},
        design={name: one.levels for name, one in told if one.why == "design"},
        further={name: one.levels for name, one in told if one.why == "search" or _is_pair(name, one)},
        reversed={name: one.usual for name, one in told if one.why == "order" and one.usual != name},
        protective=frozenset(one.name for one in study.factors if not _personalizes(one)),
        exclude=(study.composition or CompositionSpec()).exclude,
    )


def settings_of(study: Study) -> Settings:
    """What the search of a study goes by."""
    spec = study.composition or CompositionSpec()
    tolerance = spec.tolerance if spec.tolerance is not None else study.tolerance
    if tolerance == 0:
        raise InputError(f"study '{study.name}', tolerance: no number of users shows that a rate is 0; set "
                         "composition.tolerance above 0.")  # fmt: skip
    level = round(1 - study.confidence, 10)
    size = min(spec.largest, len(study.factors))
    return Settings(tolerance, level, size, spec.early, study.seed)


def _is_pair(name: str, one: Composed) -> bool:
    """Two layers in their usual order, which the design lacks."""
    return one.why == "order" and one.usual == name


def _system(run: Run, factors: Sequence[FactorSpec], why: str = "design", usual: str = "") -> SystemSpec:
    composed = Composed.model_validate({"levels": dict(run), "why": why, "usual": usual})
    return SystemSpec(name=run_name(run, factors), layers=run_layers(run, factors), composed=composed)


def _orders(factors: Sequence[FactorSpec], spec: CompositionSpec) -> list[SystemSpec]:
    """Every pair both ways round, without the other factors."""
    found = []
    for pair in {frozenset(one): one for one in spec.orders}.values():
        two = [one for one in factors if one.name in pair]
        run = {one.name: next(iter(one.on)) if one in two else OFF for one in factors}
        usual = run_name(run, factors)
        found += [_system(run, factors, "order", usual), _system(run, two[::-1], "order", usual)]
    return found


def _personalizes(factor: FactorSpec) -> bool:
    return any(
        layer_type(name).is_paradigm for layers in factor.on.values() for layer in layers for name in layer
    )
