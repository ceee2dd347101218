"""From mitigations to systems: those that are protected, beside those that are not."""

from __future__ import annotations

from forwhom.errors import InputError, unknown
from forwhom.studies.design import Cell
from forwhom.studies.measuring import as_turns
from forwhom.studies.mitigating import MitigationSpec, protected_name, protections
from forwhom.studies.study import Study, SystemSpec, build_system
from forwhom.systems.guarding import worded_knowingly


def with_protected(study: Study) -> Study:
    """The study with its systems protected by each mitigation, too; itself where it has none, or has them."""
    if not study.mitigations or any(one.protection for one in study.systems):
        return study
    names = [one.name for one in study.systems]
    probed = [probe.probe for probe in study.probes]
    for one in study.mitigations:
        if any(other.told == one.told and other.layers != one.layers for other in study.mitigations):
            raise InputError(
                f"study '{study.name}': two mitigations are called '{one.told}'; name one of them."
            )
        for name in one.systems:
            if name not in names:
                raise unknown("system of this study", name, names, where=f"mitigation '{one.told}'")
        for name in one.probes:
            if name not in probed:
                raise unknown("probe of this study", name, probed, where=f"mitigation '{one.told}'")
    bases = {one.name: one for one in study.systems}
    personalizes = {one.name: build_system(one, study.model).is_personalized for one in study.systems}
    added: dict[str, tuple[SystemSpec, MitigationSpec]] = {}
    for protection, spec in protections(
        study.mitigations, [(one.name, one.layers, personalizes[one.name]) for one in study.systems]
    ):
        base = bases[protection.system]
        name = protected_name(base.name, protection.mitigation, known=protection.known)
        made = base.model_copy(
            update={"name": name, "layers": (*base.layers, *spec.layers), "protection": protection}
        )
        build_system(made, study.model)  # a wrong knob is told before anything is asked
        added[name] = made, spec
    probes = []
    for probe in study.probes:
        listed = probe.systems or tuple(names)
        more = [
            name for name, (made, spec) in added.items()
            if made.protection and made.protection.system in listed
            and (not spec.probes or probe.probe in spec.probes)
        ]  # fmt: skip
        probes.append(probe.model_copy(update={"systems": (*listed, *more)}))
    systems = (*study.systems, *(made for made, _ in added.values()))
    return study.model_copy(update={"systems": systems, "probes": tuple(probes)})


def is_worded_anew(cell: Cell) -> bool:
    """Whether an attacker who knows the mitigations would act otherwise: else the cell has been asked."""
    turns = as_turns(cell.script)
    return any(worded_knowingly(turn, cell.system) != turn for turn in turns)
