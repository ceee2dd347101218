"""Layers as factors: each is off, or there at one of its levels; a design says which meet in a system."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forwhom.errors import InputError
from forwhom.statistics.factorial import OFF, Part
from forwhom.statistics.layout import BASE, Run

Layers = tuple[dict[str, dict[str, Any] | None], ...]
_NAME = r"^\w[\w-]{0,23}$"
_LONGEST = 200  # of a system's name


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactorSpec(_Settings):
    """What may be put around the model or not.

    layers: what is put there; levels: or one of several, by name. "off" is always a level besides.
    """

    name: str = Field(pattern=_NAME)
    layers: Layers = ()
    levels: dict[Annotated[str, Field(pattern=_NAME)], Layers] = {}

    @model_validator(mode="after")
    def _some(self) -> FactorSpec:
        if bool(self.layers) == bool(self.levels):
            raise ValueError(
                f"factor '{self.name}' has one level, 'off', with which nothing can be compared; give it "
                "'layers' (what is there when it is on), or 'levels', by name"
                if not self.layers
                else f"factor '{self.name}' has both 'layers' and 'levels'; keep one of them"
            )
        if self.name == BASE:
            raise ValueError(f"name: '{BASE}' is the system without any factor; name the factor otherwise")
        for level, layers in self.levels.items():
            if not layers or level == OFF:
                raise ValueError(
                    f"level '{level}' of factor '{self.name}': 'off' is always a level and needs none of its "
                    "own; give the level a name and some layers"
                )
        return self

    @property
    def on(self) -> dict[str, Layers]:
        """Its levels besides OFF, by name."""
        return self.levels or {"on": self.layers}


class CompositionSpec(_Settings):
    """How factors are combined.

    design: "full", every combination; "fractional", a two-level fraction of stated resolution; "covering",
    few systems in which every `strength` factors meet in all their levels; "optimal", the D-optimal
    `runs` systems for effects up to `order`. order: of the interactions that are estimated.
    cells: that may be asked at most; an optimal design without `runs` takes as many systems as these allow.
    exclude: factors that cannot be together, each entry a list of names or of "factor=level".
    orders: pairs of factors that are also tried the other way round, by themselves.

    search: whether minimal unsafe combinations are then looked for beyond the design. tolerance: above it a
    combination counts as unsafe there (None: the study's). largest: of the sets that are looked for.
    early: whether users are asked only while it takes more of them (None: where there are enough for it).
    """

    design: Literal["full", "fractional", "covering", "optimal"] = "fractional"
    resolution: int = Field(default=5, ge=3)
    strength: int = Field(default=2, ge=1)
    runs: int | None = Field(default=None, ge=2)
    cells: int | None = Field(default=None, ge=1)
    order: int = Field(default=2, ge=1)
    exclude: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    search: bool = True
    tolerance: float | None = Field(default=None, gt=0, lt=1)
    largest: int = Field(default=3, ge=1)
    early: bool | None = None


def run_name(run: Run, factors: Sequence[FactorSpec]) -> str:
    """ "profile+finetuning", in the order of the factors; the level is named where one has several."""
    there = [
        one.name if len(one.on) == 1 else f"{one.name} {run[one.name]}"
        for one in factors
        if run[one.name] != OFF
    ]
    name = "+".join(there) or BASE
    if len(name) > _LONGEST:
        raise InputError(
            f"factors: the system of {len(there)} of them has a name of {len(name)} characters, "
            f"'{name[:40]}...'; at most {_LONGEST}: give the factors shorter names."
        )
    return name


def run_layers(run: Run, factors: Sequence[FactorSpec]) -> Layers:
    """The layers of a run, in the order of the factors."""
    return tuple(layer for one in factors if run[one.name] != OFF for layer in one.on[run[one.name]])


def is_excluded(run: Run, exclude: Sequence[Sequence[str]]) -> bool:
    """Whether an entry of `exclude` is there altogether."""
    return any(all(_is_there(one, run) for one in entry) for entry in exclude)


def _is_there(told: str, run: Run) -> bool:
    factor, _, level = told.partition("=")
    return run[factor] == level if level else run[factor] != OFF


def both_act(factors: Sequence[FactorSpec], acting: frozenset[str]) -> list[tuple[Part, Part]]:
    """Levels of two factors that cannot be together since each acts for the user. acting: names of layers
    that do."""
    acts = [
        [
            (one.name, level)
            for level, layers in one.on.items()
            if any(not acting.isdisjoint(it) for it in layers)
        ]
        for one in factors
    ]
    return [pair for two in combinations(acts, 2) for pair in product(*two)]
