"""Run a study: what is missing, by system, through Inspect; finished cells are kept as they come."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from errno import EDQUOT, EFBIG, ENOSPC
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from inspect_ai import eval as inspect_eval
from inspect_ai.model import Model, get_model

from forwhom.errors import InputError
from forwhom.lives.fidelity import Line
from forwhom.results.files import write_table, write_text
from forwhom.results.journal import Journal, Row, results_table
from forwhom.results.replies import KeptReplies
from forwhom.results.said import simulated_users
from forwhom.statistics.rates import at_risk, population
from forwhom.studies import search
from forwhom.studies.design import Cell
from forwhom.studies.prepared import Prepared
from forwhom.studies.tasks import cells_task
from forwhom.systems.models.reachable import check_reachable
from forwhom.systems.reply import Reply
from forwhom.systems.system import System

Progress = Callable[[int, int, str], None]
_OF_PROBES = ("risk", "title", "failure", "chance", "excuses_guessing", "neutral", "mode", "source")
_CONCURRENT = 96
_RETRIES = 6  # of one ask, at ever longer intervals; a cell that fails all of them is skipped by name


class InterruptedStudyError(Exception):
    """Ctrl-C: finished cells are in the journal; the same command goes on."""


@dataclass
class Run:
    """What a run left: the table, what was skipped and why, and what it was (run.json)."""

    folder: Path
    results: pl.DataFrame
    provenance: dict[str, Any]
    skipped: list[dict[str, str]] = field(default_factory=list)


def run_study(prepared: Prepared, folder: Path, progress: Progress = lambda done, total, what: None) -> Run:
    """Ask what the journal lacks, then write results.parquet and run.json into `folder`.

    progress(done, total, what): called after every cell, and in lives after every session. Raises
    InterruptedStudyError on Ctrl-C and InputError where a model cannot be reached at all.
    """
    started = time.time()
    journal = Journal(folder / "journal.jsonl")
    others = journal.studies - {prepared.study.name}
    if others:
        raise InputError(
            f"{folder}: holds the results of study '{min(others)}'; choose another folder: --out DIR"
        )
    fingerprint, asked = prepared.fingerprint, 0
    skipped = list(prepared.skipped)
    answered: MutableMapping[str, Reply] = {}
    said: list[Line] = []
    if prepared.study.longitudinal:  # a life is long: what was answered in it is kept as it comes
        models = json.dumps(prepared.model_hashes, sort_keys=True)
        answered = KeptReplies(folder / "replies.jsonl", prepared.study.name, models)
    following: Prepared | None = prepared
    try:
        while following is not None:
            prepared = following
            ended = {one.get("cell") for one in skipped} | journal.finished.keys()
            missing = [cell for cell in prepared.cells if cell.key not in ended]
            if not asked:
                total = sum(cell.size for cell in prepared.cells)
                done = total - sum(cell.size for cell in missing)
                progress(done, total, "reused" if done else "starting")
            asked += len(missing)
            skipped += _ask(prepared, missing, journal, progress, folder, answered, said)
            # Only a search reads the table before the end.
            following = (
                search.following(prepared, _results(prepared, journal)) if prepared.study.factors else None
            )
    finally:
        journal.close()
        if isinstance(answered, KeptReplies):
            answered.close()
        table = _results(prepared, journal)
        if not table.is_empty():
            write_table(folder / "results.parquet", table)
    if table.is_empty():
        raise InputError(f"no cell could be run. The first failure: {_first(skipped)}")
    provenance = _provenance(prepared, table, started, asked, skipped) | {"fingerprint": fingerprint}
    if prepared.study.longitudinal:
        provenance["simulated_users"] = simulated_users(folder / "said.jsonl", said)
    run = Run(folder, table, provenance, skipped)
    write_text(folder / "run.json", json.dumps(run.provenance, indent=2, default=str) + "\n")
    return run


def _ask(
    prepared: Prepared,
    missing: Sequence[Cell],
    journal: Journal,
    progress: Progress,
    folder: Path,
    answered: MutableMapping[str, Reply],
    said: list[Line],
) -> list[dict[str, str]]:
    """Ask these cells into the journal, system by system; what failed, and why."""
    skipped: list[dict[str, str]] = []
    total = sum(cell.size for cell in prepared.cells)
    done = total - sum(cell.size for cell in missing)
    speaker = prepared.study.user_model if missing else None
    for model in dict.fromkeys([*(cell.system.model for cell in missing), *([speaker] if speaker else [])]):
        _make_ready(model)
    journal.open()
    for name in dict.fromkeys(cell.system.name for cell in missing):
        cells = [cell for cell in missing if cell.system.name == name]
        # The two engines of the embedded model slow each other: first what is scored, then written.
        cells.sort(key=lambda cell: cell.probe.mode)

        def finished(key: str, rows: list[Row]) -> None:
            journal.add(key, rows)
            lived()

        def lived(name: str = name) -> None:
            nonlocal done
            done += 1
            progress(done, total, name)

        log = f"logs/{time.time_ns() // 1_000_000}-{cells[0].system.log_name}"
        try:
            skipped += _evaluate(prepared, cells, finished, folder, log, answered, said, lived)
        finally:
            # Before whatever else a full disk makes fail.
            if failure := journal.failure or getattr(answered, "failure", None):
                raise failure
    return skipped


def _results(prepared: Prepared, journal: Journal) -> pl.DataFrame:
    rows = [r for cell in prepared.cells for r in journal.finished.get(cell.key, ())]
    return _with_controls(results_table(rows), prepared)


def _make_ready(model: str) -> None:
    try:
        check_reachable(model)
    except KeyboardInterrupt:
        raise InterruptedStudyError from None


def _evaluate(
    prepared: Prepared,
    cells: Sequence[Cell],
    finished: Callable[[str, list[Row]], None],
    folder: Path,
    log: str,
    answered: MutableMapping[str, Reply],
    said: list[Line],
    lived: Callable[[], None],
) -> list[dict[str, str]]:
    system = cells[0].system
    task = cells_task(
        prepared.study, system, cells, prepared.users, finished, log, answered, on_said=said.extend,
        on_lived=lived,
    )  # fmt: skip
    speaker = prepared.study.user_model
    roles: dict[str, str | Model] = {"user": speaker} if speaker else {}
    os.environ.setdefault("INSPECT_DISABLE_MODEL_CACHE", "1")
    at_once = min([_CONCURRENT, *(most for one in system.layers if (most := one.samples_at_once))])
    try:
        model = get_model(system.model)
        logs = inspect_eval(
            task, model=model, model_roles=roles or None, log_dir=str(folder / log), display="none",
            fail_on_error=False,
            max_samples=at_once, max_connections=_CONCURRENT, max_retries=_RETRIES, log_level="error",
            log_realtime=False, log_model_api=False, score_display=False,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise InterruptedStudyError from None
    except InputError:
        raise
    except Exception as error:
        raise _failed(str(error), system, folder) from error
    if not logs or logs[0].status == "cancelled":
        raise InterruptedStudyError
    outcome = logs[0]
    if outcome.status == "error" and outcome.error:
        raise _failed(outcome.error.message, system, folder)
    return [
        {"cell": str(sample.id), "system": system.name, "why": sample.error.message}
        for sample in outcome.samples or ()
        if sample.error
    ]


def _failed(message: str, system: System, folder: Path) -> InputError:
    # Inspect's log lies in the run's folder too; it tells what it could not write as text only.
    for reason in (os.strerror(code) for code in (ENOSPC, EFBIG, EDQUOT)):
        if reason in message:
            return InputError(
                f"{folder}: cannot be written: {reason}. What is finished is kept; make room and run the "
                "same command again."
            )
    return InputError(f"model '{system.model}': {message}")


def _with_controls(table: pl.DataFrame, prepared: Prepared) -> pl.DataFrame:
    # Of the study as it is now, not of what the journal was written by.
    systems = {cell.system.name: cell.system for cell in prepared.cells}
    controls = {name: system.control(list(systems.values())) for name, system in systems.items()}
    return table.with_columns(control=pl.col("system").replace_strict(controls, return_dtype=pl.String()))


def _first(skipped: list[dict[str, str]]) -> str:
    return skipped[0]["why"] if skipped else "unknown"


def _provenance(
    prepared: Prepared,
    table: pl.DataFrame,
    started: float,
    asked: int,
    skipped: list[dict[str, str]],
) -> dict[str, Any]:
    users = "".join(user.model_dump_json() for user in prepared.users)
    packages = (
        "forwhom",
        "inspect-ai",
        "polars",
        "numpy",
        "scipy",
        "xllamacpp",
        "torch",
        "lancedb",
    )
    return {
        "study": prepared.study.model_dump(mode="json"),
        "fingerprint": prepared.fingerprint,
        "data_hash": hashlib.sha256(users.encode()).hexdigest(),
        "model_hash": prepared.model_hashes,
        "versions": {"python": platform.python_version(), **{p: _version(p) for p in packages}},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "probes": {
            p.id: {name: getattr(p, name) for name in _OF_PROBES} for p in prepared.probes
        },
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
        "counts": {
            "cells": len(prepared.cells), "asked": asked, "reused": len(prepared.cells) - asked,
            "measurements": table.height, "at_risk": at_risk(table).height,
            "users": population(table)["user"].n_unique(),
            "neutral": table.height - population(table).height,
            "items": table.select("probe", "item").n_unique(),
            "skipped": sum(int(one.get("cells", 1)) for one in skipped),
        },
        "tokens": {
            "in": int(table["tokens_in"].sum()), "out": int(table["tokens_out"].sum()),
            "cached": int(table["tokens_cached"].sum()),
        },
        "skipped": skipped,
    }  # fmt: skip


def _version(package: str) -> str | None:
    try:
        return version(package)
    except Exception:
        return None
