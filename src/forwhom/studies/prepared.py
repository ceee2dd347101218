"""A study with its names resolved: who is asked what by way of which system, and what cannot be asked."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from forwhom.errors import InputError
from forwhom.lives.script import can_be_lived
from forwhom.probes.probe import Probe, load_probe
from forwhom.studies.datasets import load_dataset
from forwhom.studies.design import Cell, draw_cells
from forwhom.studies.expansion import expanded
from forwhom.studies.lifelong import foreseeing, lived, lives_of, with_twins
from forwhom.studies.protecting import is_worded_anew, with_protected
from forwhom.studies.study import Study, SystemSpec, build_system
from forwhom.systems.models.smollm2_api import WITHOUT_TORCH, can_score_options
from forwhom.users.files import load_users
from forwhom.users.population import builtin_population, generate_population
from forwhom.users.user import User


@dataclass(frozen=True)
class Prepared:
    """A study with its names resolved: every cell, in the order in which it will be run.

    skipped: what the study names and this installation cannot ask: system, probe, cells and why.
    """

    study: Study
    users: tuple[User, ...]
    probes: tuple[Probe, ...]
    cells: tuple[Cell, ...]
    model_hashes: dict[str, str]
    skipped: tuple[dict[str, str], ...] = ()

    @property
    def fingerprint(self) -> str:
        """Eight hex digits of all that determines the results: the same study, the same folder."""
        keys = "".join(sorted(cell.key for cell in self.cells))
        return hashlib.sha256(keys.encode()).hexdigest()[:8]

    @property
    def unit(self) -> str:
        """What the progress of a run is counted in."""
        return "sessions" if self.study.longitudinal else "cells"

    @property
    def default_folder(self) -> Path:
        """Where the results of this very study are kept, so that the same command finds its own run."""
        return Path("runs") / f"{self.study.name}-{self.fingerprint}"


def prepare(study: Study) -> Prepared:
    """Resolve users, systems, probes and cells; raises InputError where one of them is missing."""
    pairs, skipped = None, []
    if study.dataset:
        dataset = load_dataset(study.dataset)
        if dataset.left_out:
            skipped.append({"system": "every system", "probe": dataset.probe.id,
                            "cells": str(dataset.left_out), "why": dataset.why})  # fmt: skip
        users, pairs = dataset.users, frozenset(dataset.pairs)
        probes = {dataset.probe.id: dataset.probe}
    else:
        users = _users(study)
        probes = {spec.probe: load_probe(spec.probe) for spec in study.probes}
    if study.users.half:
        users = users[("first", "second").index(study.users.half) :: 2]
    users = users[: study.users.limit] if study.users.limit else users

    def cells_of(spec: SystemSpec) -> int:
        return len(draw_cells(study, build_system(spec, study.model), users, probes, pairs))

    study = with_twins(with_protected(expanded(study, cells_of)))
    systems = [build_system(spec, study.model) for spec in study.systems]
    hashes = {system.model: _model_hash(system.model) for system in systems}
    cells: list[Cell] = []
    everyone = lives_of(study, users)
    foreseen = foreseeing(probes, everyone)
    for system in systems:
        drawn = draw_cells(study, system, users, foreseen, pairs, hashes[system.model])
        if system.attacked_knowingly:
            drawn = [cell for cell in drawn if is_worded_anew(cell)]
        cells += [replace(cell, probe=probes[cell.probe.id]) for cell in drawn]
    if not cells:
        raise InputError(f"study '{study.name}': no cell to run: no user meets any item.")
    cells = list({cell.key: cell for cell in cells}.values())
    refused = {cell.key: _why_not(cell, study.longitudinal is not None) for cell in cells}
    kept = [cell for cell in cells if not refused[cell.key]]
    left_out = Counter((cell.system.name, cell.probe.id, why) for cell in cells if (why := refused[cell.key]))
    if not kept:
        raise InputError(f"study '{study.name}': no cell to run. {min(why for _, _, why in left_out)}")
    skipped += [{"system": system, "probe": probe, "cells": str(count), "why": why}
                for (system, probe, why), count in left_out.items()]  # fmt: skip
    if study.longitudinal is not None:
        kept = lived(kept, study, users, everyone)
    return Prepared(study, tuple(users), tuple(probes.values()), tuple(kept), hashes, tuple(skipped))


def _why_not(cell: Cell, is_lived: bool) -> str:
    """Why this cell cannot be asked here; "" where it can. is_lived: in a study of lives."""
    stages = {stage for layer in cell.system.layers if layer.is_paradigm for stage in layer.stages}
    refused = [why for layer in cell.system.layers if (why := layer.why_not(cell.system.model))]
    if refused:
        return refused[0]
    if cell.probe.mode == "life" and not is_lived:
        return "It is read off a simulated user over many sessions: of a study with 'longitudinal' only."
    if is_lived and not can_be_lived(cell.script):
        return "Something happens in the session in which it is asked, so it cannot be asked again and again."
    if cell.probe.mode == "store" and "memory" not in stages:
        return "It reads what a system keeps of its user, and no layer of this system remembers."
    if cell.probe.mode == "observe" and "weights" not in stages:
        return "It reads what a system fits to each user (white box), and this system fits nothing."
    if cell.probe.mode == "actions" and "action" not in stages:
        return "It reads what a system does with tools, and no layer of this system acts ('agents' does)."
    needs_torch = cell.probe.mode in ("options", "observe", "actions") or "weights" in stages
    return WITHOUT_TORCH if needs_torch and not can_score_options(cell.system.model) else ""


def _users(study: Study) -> tuple[User, ...]:
    if study.users.file:
        return load_users(Path(study.users.file))
    if study.users.generate:
        return generate_population(study.users.generate, study.seed)
    return builtin_population()


def _model_hash(model: str) -> str:
    if model.startswith("forwhom/"):
        from forwhom.systems.models.weights import model_hash

        return model_hash(model.removeprefix("forwhom/"))
    return model
