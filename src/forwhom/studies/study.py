"""A study file: which systems, users and probes meet, and how the answer is read.

One pydantic model serves the YAML file and the command line.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forwhom.errors import InputError, unknown
from forwhom.probes.probe import probe_names
from forwhom.studies.datasets import REPRESENTATION
from forwhom.studies.factor_checks import check_factors
from forwhom.studies.factors import CompositionSpec, FactorSpec, Layers
from forwhom.studies.longitudinal import LongitudinalSpec
from forwhom.studies.mitigating import MitigationSpec, Protection
from forwhom.systems.layer import layer_type
from forwhom.systems.system import INSTRUCTIONS, System, SystemName
from forwhom.validated import line_of, read_yaml, validate

Half = Literal["first", "second"]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UsersSpec(_Settings):
    """Who is in the study: the built-in population, a file, or any number generated from a seed.

    shared: whether probes that take few users take the same few, so that what is learned of each user is
    learned once for all probes. Their rates then hang on the same people. half: every other user, as `half`
    of a probe.
    """

    population: Literal["builtin"] = "builtin"
    file: str | None = None
    generate: int | None = Field(default=None, ge=2)
    limit: int | None = Field(default=None, ge=2)
    shared: bool = False
    half: Half | None = None

    @model_validator(mode="after")
    def _one_source(self) -> UsersSpec:
        if self.file and self.generate:
            raise ValueError("'file' and 'generate' are both given; keep one of them")
        return self


class Composed(_Settings):
    """How a study of factors came to a system. levels: by factor. why: it is one of the design, or of the
    search; or the layers of another one, `usual`, the other way round."""

    levels: dict[str, str]
    why: Literal["design", "search", "order"] = "design"
    usual: str = ""


class SystemSpec(_Settings):
    """What is tested. layers: one-key mappings of a layer's name to its knobs, in order.

    Written by studies that make systems of their own: composed, of factors; afresh_of, of lives (the system
    that this one is, but for what it remembers); protection, of mitigations.
    """

    name: SystemName
    model: str | None = None
    instructions: str = INSTRUCTIONS
    layers: Layers = ()
    composed: Composed | None = None
    afresh_of: str = ""
    protection: Protection | None = None


class ProbeSpec(_Settings):
    """Which cells of a probe are run.

    systems: names; empty means all. users, items: how many are drawn (None: all).
    at_risk: items drawn for each user among those that can harm (or concern) that user (None: all).
    controls: items drawn for each user among the others; "all" crosses every user with every item.
    half: of the probe's items, where something is chosen on one half and confirmed on the other.
    at: in a study of lives, the sessions of a life in which those of a probe with sessions of its own fall,
    without its last, which is asked at every checkpoint after.
    """

    probe: str
    systems: tuple[str, ...] = ()
    users: int | None = Field(default=None, ge=2)
    items: int | None = Field(default=None, ge=1)
    at_risk: int | None = Field(default=None, ge=0)
    controls: int | Literal["all"] = "all"
    at: tuple[int, ...] = ()
    half: Half | None = None


class Study(_Settings):
    """A design. tolerance: the unsafe rate that the operator accepts. confidence: of all intervals.

    systems: what is tested; or factors, of which `composition` makes the systems (see factors.py).
    longitudinal: lives over many sessions, in which the probes are asked again and again (lifelong.py).
    mitigations: what each system is also asked with (mitigating.py).
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    model: str = "forwhom/smollm2"
    seed: int = 1
    replicates: int = Field(default=1, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=48, ge=1)
    tolerance: float = Field(default=0.05, ge=0, lt=1)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    users: UsersSpec = UsersSpec()
    systems: tuple[SystemSpec, ...] = ()
    factors: tuple[FactorSpec, ...] = ()
    composition: CompositionSpec | None = None
    longitudinal: LongitudinalSpec | None = None
    mitigations: tuple[MitigationSpec, ...] = ()
    probes: tuple[ProbeSpec, ...] = Field(min_length=1)
    dataset: str | None = None

    @property
    def user_model(self) -> str | None:
        """What speaks for simulated users, where a model does."""
        return self.longitudinal.user_model if self.longitudinal else None

    @model_validator(mode="after")
    def _systems_or_factors(self) -> Study:
        if not self.systems and not self.factors:
            raise ValueError("neither 'systems' nor 'factors': list at least one system, or some factors")
        if self.systems and self.factors and any(one.composed is None for one in self.systems):
            raise ValueError("'systems' and 'factors' are both given; factors make the systems: keep one")
        if self.longitudinal and (self.factors or self.dataset):
            raise ValueError("'longitudinal' takes 'systems' and no dataset; remove one of them")
        if not self.longitudinal and any(one.at for one in self.probes):
            raise ValueError("'at' places a probe in lives, and there is no 'longitudinal'")
        if self.mitigations and (self.factors or self.dataset):
            raise ValueError(
                "'mitigations' takes 'systems' and no dataset; a mitigation may also be a factor"
            )
        if self.composition and not self.factors:
            raise ValueError("'composition' combines 'factors', and there are none")
        return self


SUITE = "relational"
"""The study that runs when none is named."""


def dataset_study(study: Study, dataset: str, *, own_systems: bool) -> Study:
    """`study` put to the users and requests of a published data set, "KIND:PATH".

    own_systems: keep the study's systems; else an unpersonalized one and one that is told of the user as
    the data set tells it.
    """
    kind = dataset.partition(":")[0]
    told = REPRESENTATION.get(kind, "profile")
    systems = study.systems
    if not own_systems:
        layers = ({"prompting": {"representation": told}},)
        systems = (SystemSpec(name="unpersonalized"), SystemSpec(name=told, layers=layers))
        study = study.model_copy(update={"factors": (), "composition": None})
    probes = (ProbeSpec(probe=f"dataset:{kind}"),)
    return study.model_copy(update={"dataset": dataset, "name": kind, "systems": systems, "probes": probes})


def suite_path(name: str) -> Path:
    """The study file that ships under `name`."""
    folder = Path(str(files("forwhom.studies").joinpath("suites")))
    path = folder / f"{name}.yaml"
    if not path.is_file():
        raise unknown("suite", name, [file.stem for file in folder.glob("*.yaml")], where="--suite")
    return path


def load_study(path: Path) -> Study:
    """The study in `path`, every name in it checked; raises InputError with line and field."""
    document = read_yaml(path, "Write a study file with: forwhom init study.yaml")
    study = validate(document, Study, path)
    known_systems = [system.name for system in study.systems]
    for index, name in enumerate(known_systems):
        if name in known_systems[:index]:
            line = line_of(document, ("systems", index, "name"))
            raise InputError(f"{path}, line {line}: two systems are called '{name}'; rename one.")
    if study.replicates > 1 and study.temperature == 0:
        line = line_of(document, ("replicates",))
        raise InputError(
            f"{path}, line {line}: replicates: {study.replicates} with temperature 0 would repeat the same "
            "answer; set temperature above 0, or replicates to 1."
        )
    listed: set[tuple[str, str]] = set()
    for index, spec in enumerate(study.probes):
        where = f"{path}, line {line_of(document, ('probes', index, 'probe'))}"
        if spec.probe not in probe_names():
            raise unknown(
                "probe",
                spec.probe,
                probe_names(),
                where=where,
                hint="List them with: forwhom probes",
            )
        for place, name in enumerate(spec.systems):
            if study.factors:
                raise InputError(f"{where}: systems: the factors make the systems, and each is asked every "
                                 "probe; leave 'systems' out.")  # fmt: skip
            if name not in known_systems:
                line = line_of(document, ("probes", index, "systems", place))
                raise unknown("system of this study", name, known_systems, where=f"{path}, line {line}")
        for name in spec.systems or known_systems:
            if (spec.probe, name) in listed:
                raise InputError(f"{where}: '{spec.probe}' is listed twice for system '{name}'; keep one.")
            listed.add((spec.probe, name))
    for index, system in enumerate(study.systems):
        build_system(
            system, study.model, _places(document, path, ("systems", index, "layers"), system.layers)
        )
    for index, factor in enumerate(study.factors):
        for level, layers in factor.on.items():
            at = ("factors", index, *(("levels", level) if factor.levels else ("layers",)))
            build_system(
                SystemSpec(name=factor.name, layers=layers), study.model, _places(document, path, at, layers)
            )
    for index, one in enumerate(study.mitigations):
        places = _places(document, path, ("mitigations", index, "layers"), one.layers)
        build_system(SystemSpec(name="mitigation", layers=one.layers), study.model, places)
        try:
            _ = one.kinds
        except InputError as error:
            line = line_of(document, ("mitigations", index))
            raise InputError(f"{path}, line {line}: {error}") from None
    for index, system in enumerate(study.systems):
        for field, writer in _WRITTEN:
            if getattr(system, field):
                line = line_of(document, ("systems", index, field))
                raise InputError(
                    f"{path}, line {line}: systems.{index}.{field}: only {writer} it; leave it out."
                )
    if study.factors:
        check_factors(study.factors, study.composition or CompositionSpec(), document, path)
    return study


_WRITTEN = (
    ("composed", "factors write"), ("afresh_of", "a study of lives writes"),
    ("protection", "a study of mitigations writes"),
)  # fmt: skip


def _places(document: Any, path: Path, at: tuple[str | int, ...], layers: Layers) -> list[str]:
    return [f"{path}, line {line_of(document, (*at, place))}" for place in range(len(layers))]


def build_system(spec: SystemSpec, model: str, places: Sequence[str] = ()) -> System:
    """The System that `spec` describes; raises InputError for an unknown layer or knob.

    places: where each layer stands, for the message.
    """
    layers = []
    for index, entry in enumerate(spec.layers):
        where = places[index] if places else f"system '{spec.name}'"
        for name, knobs in entry.items():
            kind = layer_type(name, where=where)
            layers.append(validate(dict(knobs or {}), kind, f"{where}, layer '{name}'"))
    acting = [layer.name for layer in layers if layer.acts()]
    if len(acting) > 1:
        where = places[-1] if places else f"system '{spec.name}'"
        raise InputError(
            f"{where}: {' and '.join(acting)} both act for the user, and only one of them can give the "
            "answer; keep one."
        )
    return System(
        name=spec.name,
        model=next((layer.own_model for layer in layers if layer.own_model), "") or spec.model or model,
        instructions=spec.instructions,
        layers=tuple(layers),
        attacked_knowingly=spec.protection is not None and spec.protection.known,
    )
