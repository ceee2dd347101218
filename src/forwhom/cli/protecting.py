"""`--protect SYSTEM=LAYER`: a mitigation added to a study on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from forwhom.errors import InputError, unknown
from forwhom.studies.mitigating import MitigationSpec
from forwhom.studies.study import Study
from forwhom.validated import validate

Protect = Annotated[
    list[str] | None,
    typer.Option(
        "--protect", metavar="SYSTEM=LAYER",
        help="Also ask SYSTEM with a mitigation, as retrieval=write_gate or 'agent={approval: {}}'; several "
        "for one system act together.",
    ),
]  # fmt: skip


def protected(study: Study, told: Sequence[str]) -> Study:
    """`study` with these mitigations, too. Raises InputError for what is no system or no mitigation."""
    together: dict[str, list[dict[str, Any]]] = {}
    names = [one.name for one in study.systems]
    for one in told:
        system, sign, layer = one.partition("=")
        if not sign:
            raise InputError(f"--protect: expected SYSTEM=LAYER, as retrieval=write_gate; found '{one}'.")
        if system not in names:
            raise unknown("system of this study", system, names, where="--protect")
        together.setdefault(system, []).append(_layer(layer))
    added = []
    for system, layers in together.items():
        spec = validate({"layers": layers, "systems": [system]}, MitigationSpec, "--protect")
        _ = spec.kinds  # a layer that is none is told at once
        added.append(spec)
    return study.model_copy(update={"mitigations": (*study.mitigations, *added)})


def _layer(told: str) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(told)
    except YAMLError:
        found = None
    if isinstance(found, str):
        return {found: {}}
    if not isinstance(found, dict) or not all(isinstance(one, dict | None) for one in found.values()):
        raise InputError(
            f"--protect: expected a mitigation, as write_gate or '{{expiry: {{sessions: 5}}}}'; found "
            f"'{told}'."
        )
    return {str(name): dict(knobs or {}) for name, knobs in found.items()}
