"""Combinations that are known to harm together: what they are, as data."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from forwhom.audit.finding import Severity
from forwhom.validated import read_yaml, validate


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeverityRule(_Strict):
    """by_default: every part is a default. set: somebody chose one of them. special: and facts of a special
    category are remembered."""

    by_default: Severity
    set: Severity
    special: Severity


class Combination(_Strict):
    """See combinations.yaml."""

    id: str
    title: str
    parts: tuple[str, ...]
    anchor: str
    risk: str
    why: str
    severity: SeverityRule
    fix: str
    sources: tuple[str, ...]


class _File(_Strict):
    combinations: tuple[Combination, ...]


@lru_cache(maxsize=1)
def combinations() -> tuple[Combination, ...]:
    path = Path(str(files("forwhom.audit"))) / "combinations.yaml"
    return validate(read_yaml(path), _File, path).combinations
