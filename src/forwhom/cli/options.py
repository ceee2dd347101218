"""The options that several commands share, and the study that they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from forwhom.errors import InputError
from forwhom.reports.finding import Finding, Kind
from forwhom.studies.live import with_live_system
from forwhom.studies.study import SUITE, Study, dataset_study, load_study, suite_path

StudyFile = Annotated[
    Path | None,
    typer.Argument(help="A study file (YAML). Without one, a suite that ships with forwhom."),
]
SuiteName = Annotated[
    str,
    typer.Option(
        "--suite",
        help="Without a file: relational, paradigms, composition, longitudinal, memory, mitigations or "
        "openclaw.",
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", help="Any Inspect model name, in place of the study's model."),
]
LiveSystem = Annotated[
    str | None,
    typer.Option(
        "--system", help="openclaw:PATH: a live agent in throw-away copies, in place of the study's systems."
    ),
]
ModelUrl = Annotated[
    str | None,
    typer.Option("--model-base-url", help="Of --system: an OpenAI-compatible server that has --model."),
]
ModelHeader = Annotated[
    list[str] | None,
    typer.Option("--model-header", help="Of --system: 'NAME: VALUE' sent to that server; may be repeated."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=2, help="Only the first N users.")]
Seed = Annotated[int | None, typer.Option("--seed", help="In place of the study's seed.")]
UsersFile = Annotated[
    str | None,
    typer.Option("--users", help="Users from a YAML or JSONL file, in place of the study's."),
]
DatasetSpec = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="u-safebench:PATH or persistbench:PATH, as published; replaces the study's users and probes.",
    ),
]
TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="json is for scripts.")]
FailOn = Annotated[
    Literal["any", Kind] | None,
    typer.Option("--fail-on", help="Exit with 1 when there is a finding of this kind: a release gate."),
]


def stop_if(fail_on: str | None, findings: Sequence[Finding], provenance: Mapping[str, Any]) -> None:
    """The gate: exit code 1, with a line on stderr for every finding that stops the release."""
    if fail_on is None:
        return
    from forwhom.reports.gate import stopping
    from forwhom.reports.wording import printable

    stopped = stopping(findings, fail_on, provenance)
    for finding in stopped:
        typer.echo(printable(f"gate: {finding.kind}: {finding.claim}"), err=True)
    if stopped:
        raise typer.Exit(1)


def study_from(
    file: Path | None,
    suite: str,
    model: str | None,
    limit: int | None,
    seed: int | None,
    users: str | None = None,
    dataset: str | None = None,
    system: str | None = None,
    url: str | None = None,
    headers: Sequence[str] | None = None,
) -> Study:
    """The study of `file` or `suite` with the flags written over it; InputError where two contradict."""
    if file and suite != SUITE:
        raise InputError(f"both the file {file} and --suite {suite} are named; leave one of them out.")
    if users and dataset:
        raise InputError("both --users and --dataset are named; a data set brings its own users.")
    study = load_study(file or suite_path(suite))
    if dataset:
        study = dataset_study(study, dataset, own_systems=file is not None)
    changes: dict[str, Any] = {}
    if system:
        study = with_live_system(study, system, model, url, headers or ())
    elif url or headers:
        raise InputError("--model-base-url and --model-header are of a live --system; name one.")
    elif model:
        changes["model"] = model
        changes["systems"] = tuple(s.model_copy(update={"model": None}) for s in study.systems)
    if seed is not None:
        changes["seed"] = seed
    spec = study.users
    if users:
        spec = spec.model_copy(update={"file": users, "generate": None})
    if limit:
        spec = spec.model_copy(update={"limit": limit})
    if spec != study.users:
        changes["users"] = spec
    return study.model_copy(update=changes)
