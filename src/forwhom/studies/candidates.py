"""Which mitigations could help a system against what was found on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forwhom.studies.mitigating import MitigationSpec
from forwhom.studies.study import Study, build_system
from forwhom.systems.layer import layer_names, layer_type
from forwhom.systems.mitigation import Mitigation


def mitigation_types() -> list[type[Mitigation]]:
    """Every mitigation there is, by name."""
    kinds = (layer_type(name) for name in layer_names())
    return [kind for kind in kinds if issubclass(kind, Mitigation)]


def candidates(study: Study, system: str, risks: Iterable[str]) -> list[MitigationSpec]:
    """Those that claim to reduce one of `risks`, fit the system and are not in it yet; with their defaults.

    risks: ids of the taxonomy.
    """
    wanted = set(risks)
    spec = next(one for one in study.systems if one.name == system)
    built = build_system(spec, study.model)
    there = {layer.name for layer in built.layers}
    return [
        MitigationSpec(layers=({kind.name: {}},), systems=(system,), knowing=False)
        for kind in mitigation_types()
        if wanted & set(kind.reduces) and kind.name not in there and (not kind.of or there & set(kind.of))
        and not kind().why_not(built.model)
    ]  # fmt: skip


def together(specs: Sequence[MitigationSpec], *, knowing: bool = False) -> MitigationSpec:
    """Several of one system as one."""
    layers = tuple(layer for one in specs for layer in one.layers)
    return MitigationSpec(layers=layers, systems=specs[0].systems, knowing=knowing)
