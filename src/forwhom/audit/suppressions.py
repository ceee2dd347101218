"""Findings that somebody has decided to live with, each with the reason.

The file is the auditor's and is named on the command line: what lies in the audited folder may have been
written by whoever is being audited, and hides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forwhom.audit.check import all_checks
from forwhom.audit.finding import AuditFinding
from forwhom.errors import InputError, unknown
from forwhom.validated import line_of, read_yaml, validate

_WANTED = "Name a file with 'suppressions:', each with a check, file or fingerprint, and a reason."


class Suppression(BaseModel):
    """Of the findings that fit all that is named. file: with * and ?, as findings name it. contains: in the
    claim or the quote. reason: why this may stay. until: the last day on which it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    check: str = ""
    file: str = ""
    contains: str = ""
    fingerprint: str = ""
    reason: str = Field(min_length=1)
    until: date | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Suppression:
        if not (self.check or self.file or self.contains or self.fingerprint):
            raise ValueError("names nothing: give a check, a file, a text that it contains or a fingerprint")
        return self

    def fits(self, one: AuditFinding) -> bool:
        return (
            self.check in ("", one.check)
            and (not self.file or fnmatch(one.file, self.file))
            and (not self.contains or self.contains.lower() in f"{one.claim}\n{one.quote}".lower())
            and self.fingerprint in ("", one.fingerprint)
        )


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    suppressions: tuple[Suppression, ...]


@dataclass(frozen=True)
class Sorted:
    """kept: the findings that stand. suppressed: the rest, with the reason. idle: what fitted nothing or has
    run out, in words."""

    kept: tuple[AuditFinding, ...]
    suppressed: tuple[tuple[AuditFinding, str], ...] = ()
    idle: tuple[str, ...] = ()


def read_suppressions(path: Path) -> tuple[Suppression, ...]:
    """Raises InputError with the line of what is unknown or lacks a reason."""
    document = read_yaml(path, _WANTED)
    found = validate(document, _File, path).suppressions
    for place, one in enumerate(found):
        if one.check and one.check not in all_checks() and "." not in one.check:
            line = line_of(document, ("suppressions", place, "check"))
            raise unknown("check", one.check, all_checks(), where=f"{path}, line {line}")
    return found


def sort_out(findings: Sequence[AuditFinding], suppressions: Sequence[Suppression], today: date) -> Sorted:
    kept, hidden = [], []
    used: set[int] = set()
    for finding in findings:
        fitting = [
            place for place, one in enumerate(suppressions)
            if one.fits(finding) and (one.until is None or today <= one.until)
        ]  # fmt: skip
        used.update(fitting)
        if fitting:
            hidden.append((finding, suppressions[fitting[0]].reason))
        else:
            kept.append(finding)
    idle = [
        f"suppression {place + 1} ({one.reason}) "
        + ("ran out on " + one.until.isoformat() if one.until and today > one.until else "fits no finding")
        for place, one in enumerate(suppressions) if place not in used
    ]  # fmt: skip
    return Sorted(tuple(kept), tuple(hidden), tuple(idle))


def refuse_inside(out: Path, audited: Path) -> None:
    """Raises InputError for a file that would be written into what is audited."""
    if out.resolve().is_relative_to(audited.resolve()):
        raise InputError(f"--out {out}: lies in what is audited, which is only read. Name a file elsewhere.")
