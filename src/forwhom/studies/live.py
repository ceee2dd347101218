"""A study put to a live agent: the systems that it names give way to the agent, or take it for their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forwhom.errors import InputError, unknown
from forwhom.openclaw.snapshot import check_path
from forwhom.studies.study import Study, SystemSpec

KINDS = ("openclaw",)
"""What a live system may be."""


def with_live_system(
    study: Study, system: str, model: str | None = None, url: str | None = None, headers: Sequence[str] = ()
) -> Study:
    """`study` asked of the agent "openclaw:PATH".

    A study whose systems have an `openclaw` layer keeps them, each with this path. Of every other the agent
    alone is the system, with nothing else around it. model, url, headers: an OpenAI-compatible server in
    place of the agent's own provider; a header as "NAME: VALUE". Raises InputError where one of them makes
    no sense.
    """
    kind, _, path = system.partition(":")
    if kind not in KINDS or not path:
        raise unknown("kind of system", kind, KINDS, where=f"--system {system}", hint="As: openclaw:PATH.")
    if bool(url) != bool(model):
        raise InputError("--model and --model-base-url, for an agent, name a model and the server that has "
                         "it; give both, or neither for the agent's own.")  # fmt: skip
    knobs: dict[str, Any] = {"path": str(check_path(Path(path)))}
    if url and model:
        knobs |= {"model_url": url, "model_id": model}
    if headers:
        knobs["model_headers"] = dict(_header(one) for one in headers)
    if any(kind in layer for one in study.systems for layer in one.layers):
        systems = tuple(_filled(one, kind, knobs) for one in study.systems)
        return study.model_copy(update={"systems": systems})
    probes = {spec.probe: spec.model_copy(update={"systems": ()}) for spec in reversed(study.probes)}
    return study.model_copy(
        update={
            "systems": (SystemSpec(name=kind, layers=({kind: knobs},)),),
            "probes": tuple(probes.values())[::-1], "factors": (), "composition": None,
        }
    )  # fmt: skip


def _filled(spec: SystemSpec, kind: str, knobs: dict[str, Any]) -> SystemSpec:
    layers = tuple(
        {name: {**(own or {}), **knobs} if name == kind else own for name, own in layer.items()}
        for layer in spec.layers
    )
    return spec.model_copy(update={"layers": layers})


def _header(said: str) -> tuple[str, str]:
    name, colon, value = said.partition(":")
    if not colon or not name.strip():
        raise InputError(f"--model-header {said}: is not NAME: VALUE.")
    return name.strip(), value.strip()
