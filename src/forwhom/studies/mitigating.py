"""A mitigation study: every system beside itself with each mitigation, on the same users and items.

Mitigations that claim to stop an attacker are also put to one who knows them and words the attack anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from forwhom.errors import InputError
from forwhom.statistics.joint_effects import Parts
from forwhom.studies.factors import Layers
from forwhom.systems.layer import layer_type
from forwhom.systems.mitigation import Mitigation
from forwhom.systems.system import LONGEST_NAME

KNOWN = " known to the attacker"
"""Ends the name of the system that is attacked by somebody who knows its mitigations."""


class MitigationSpec(BaseModel):
    """What is added to systems. name: as it is told, by default the names of its layers.

    layers: one or more mitigations, which then act together. systems: the names of those that get it; empty:
    every one that personalizes and has a layer that it protects. probes: those that are asked of it; empty:
    all that its system is asked. knowing: whether it is also attacked by somebody who knows it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(default="", pattern=r"^(\w[\w .-]{0,59})?$")
    layers: Layers = Field(min_length=1)
    systems: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    knowing: bool = True

    @property
    def told(self) -> str:
        return self.name or " and ".join(name.replace("_", " ") for layer in self.layers for name in layer)

    @property
    def kinds(self) -> tuple[type[Mitigation], ...]:
        """The classes of its layers; raises InputError for a layer that is no mitigation."""
        found = []
        for name in (name for layer in self.layers for name in layer):
            kind = layer_type(name, where=f"mitigation '{self.told}'")
            if not issubclass(kind, Mitigation):
                raise InputError(
                    f"mitigation '{self.told}': '{name}' is a layer that personalizes, no mitigation; put it "
                    "among the layers of a system. List mitigations with: forwhom mitigations"
                )
            found.append(kind)
        return tuple(found)

    @property
    def made_of(self) -> tuple[str, ...]:
        """Its layers with their knobs, in a form that is the same for the same layer."""
        return tuple(
            json.dumps([name, knobs or {}], sort_keys=True)
            for layer in self.layers for name, knobs in layer.items()
        )  # fmt: skip

    def fits(self, layers: Layers) -> bool:
        """Whether each of its mitigations has something among `layers` that it protects."""
        there = {name for layer in layers for name in layer}
        return all(not kind.of or there & set(kind.of) for kind in self.kinds)


def sets_of(mitigations: Sequence[MitigationSpec]) -> dict[str, Parts]:
    """By the name of each that is several: those of it that the study also asks alone."""
    alone = {one.made_of[0]: one.told for one in mitigations if len(one.made_of) == 1}
    found = {}
    for one in mitigations:
        names = tuple(alone[layer] for layer in one.made_of if layer in alone)
        if len(one.made_of) > 1 and names:
            found[one.told] = Parts(names, len(names) == len(one.made_of))
    return found


class Protection(BaseModel):
    """Written by a study of mitigations: what this system is beside `system`, and by which mitigation."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    system: str
    mitigation: str
    known: bool = False


def protected_name(system: str, mitigation: str, *, known: bool = False) -> str:
    """Raises InputError where it is longer than a system's name may be."""
    name = f"{system} + {mitigation}{KNOWN if known else ''}"
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"mitigation '{mitigation}': with system '{system}' it has a name of {len(name)} characters; at "
            f"most {LONGEST_NAME}: give one of them a shorter name."
        )
    return name


def protections(
    mitigations: Sequence[MitigationSpec], systems: Sequence[tuple[str, Layers, bool]]
) -> Iterator[tuple[Protection, MitigationSpec]]:
    """Every system with each mitigation, and again where its attacker may know it.

    systems: name, layers, and whether it personalizes. Raises InputError for a mitigation that fits nothing.
    """
    for one in mitigations:
        fitting = [
            name for name, layers, personalizes in systems
            if (name in one.systems if one.systems else personalizes and one.fits(layers))
        ]  # fmt: skip
        if not fitting:
            wanted = sorted({name for kind in one.kinds for name in kind.of})
            raise InputError(
                f"mitigation '{one.told}': no system of the study has what it protects"
                + (f" ({' or '.join(wanted)})" if wanted else "")
                + "; add such a system, or leave the mitigation out."
            )
        knows = one.knowing and any(kind.stops_adversaries for kind in one.kinds)
        for name in fitting:
            yield Protection(system=name, mitigation=one.told), one
            if knows:
                yield Protection(system=name, mitigation=one.told, known=True), one
