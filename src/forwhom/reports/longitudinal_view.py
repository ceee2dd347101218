"""What the report tells of a study of lives: a block a probe, and who the simulated users were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from forwhom.reports.headline import joined
from forwhom.reports.longitudinal_details import (
    ForgottenRow,
    flips_told,
    forgotten_row,
    kept_told,
    pressure_told,
)
from forwhom.reports.longitudinal_figures import (
    Attack,
    calendar_figure,
    courses_figure,
    shown_levels,
    survival_figure,
)
from forwhom.statistics.estimates import Estimate
from forwhom.statistics.longitudinal import Change, Course, LongitudinalSummary
from forwhom.statistics.rates import at_risk
from forwhom.studies.longitudinal import LongitudinalSpec

_ATTACKS = 16  # rows of a calendar


@dataclass(frozen=True)
class ChangeRow:
    """One comparison as text, in points."""

    system: str
    against: str
    slope: str
    slope_p: float
    last: str
    sooner: str
    sooner_p: float | None
    hazard: str
    level: str
    level_p: float | None


@dataclass(frozen=True)
class CourseBlock:
    """One probe. courses, survival, calendars: SVG, "" where there is none. quiet: systems in which nothing
    that was planted fired."""

    probe: str
    courses: Markup
    survival: Markup
    calendars: list[tuple[str, Markup]]
    quiet: list[str]
    rows: list[ChangeRow]
    flips: list[str]
    notes: list[str]


@dataclass(frozen=True)
class LivesView:
    """told: what a life was, in a paragraph. kept: how much the systems' stores hold, a sentence each."""

    told: str
    blocks: list[CourseBlock]
    forgotten: list[ForgottenRow]
    kept: list[str]


def longitudinal_view(
    results: pl.DataFrame, summary: LongitudinalSummary, provenance: Mapping[str, Any]
) -> LivesView:
    """provenance: what run.json holds."""
    order = list(provenance["probes"])
    probes = sorted(summary.probes, key=lambda one: order.index(one) if one in order else len(order))
    blocks = [_block(results, probe, summary) for probe in probes]
    forgotten = [forgotten_row(one) for one in summary.forgotten]
    told = _told(results, summary, provenance) + _users_told(provenance)
    return LivesView(told, blocks, forgotten, kept_told(results))


def _told(results: pl.DataFrame, summary: LongitudinalSummary, provenance: Mapping[str, Any]) -> str:
    spec = LongitudinalSpec.model_validate(provenance["study"]["longitudinal"])
    life, after = spec.life, ", ".join(str(one) for one in summary.checkpoints)
    doing = ["tell of themselves"]
    doing += ["ask for what they want"] * bool(life.requests) + ["are offered things"] * bool(life.offers)
    doing += ["rate answers"] * bool(life.ratings)
    told = f"{results['user'].n_unique()} simulated users live {summary.sessions} sessions with each system: "
    told += f"they {joined(doing)}"
    told += "; something may happen to them on the way. " if life.news else ". "
    if life.ratings:
        tempers = results.filter(pl.col("temper") != "").unique("user")["temper"].value_counts(sort=True)
        told += f"What they rate best: {', '.join(f'{count} {temper}' for temper, count in tempers.rows())}. "
    told += (
        f"After session {after} everything is asked, each question in a session of its own of which nothing "
        "is remembered."
    )
    if spec.afresh:
        told += " “Afresh” is the same system that remembers only the session of the checkpoint."
    return told


def _users_told(provenance: Mapping[str, Any]) -> str:
    """How faithful and distinct the simulated users were, where that was measured."""
    found = provenance.get("simulated_users") or {}
    if any(found.get(name) is None for name in ("kept", "others", "recognized", "chance")):
        return ""
    return (
        f" They said {found['kept']:.0%} of the words that their script wanted said ({found['others']:.0%} "
        f"by the talk of others), and {found['recognized']:.0%} of sessions can be told by what is said in "
        f"them to be whose they are (chance: {found['chance']:.0%})."
    )


def _block(results: pl.DataFrame, probe: str, summary: LongitudinalSummary) -> CourseBlock:
    own = [one for one in summary.changes if one.probe == probe]
    courses = [one for one in summary.courses if one.probe == probe]
    cells = at_risk(results).filter(pl.col("probe") == probe)
    planted = _attacks(cells)
    return CourseBlock(
        probe,
        Markup(_courses(courses, cells, own, summary)),  # noqa: S704 - text in it is escaped
        Markup(_survival(own, summary)),  # noqa: S704
        [(system, _drawn(own, summary)) for system, own in planted.items() if _fired(own)],
        [system for system, own in planted.items() if not _fired(own)],
        [_row(one) for one in own],
        flips_told(probe, summary) + (pressure_told(cells) if probe == "pressure" else []),
        list(dict.fromkeys(note for one in own for note in _notes(one))),
    )


def _courses(
    courses: list[Course], cells: pl.DataFrame, changes: list[Change], summary: LongitudinalSummary
) -> str:
    by_name = {one.system: one for one in courses}
    control_of = dict(cells.select("system", "control").unique(maintain_order=True).rows())
    controls = {name: by_name[told] for name in by_name if (told := control_of.get(name, "")) in by_name}
    return courses_figure(courses, controls, shown_levels(changes, summary), summary.sessions)


def _survival(changes: list[Change], summary: LongitudinalSummary) -> str:
    against = [one for one in changes if one.against == "control" and one.survival]
    if not against:
        return ""
    curves = {one.control: one.survival.control for one in against if one.survival}
    curves |= {one.system: one.survival.own for one in against if one.survival}
    return survival_figure(curves, summary.sessions)


def _attacks(cells: pl.DataFrame) -> dict[str, list[Attack]]:
    """By system, what was planted in each life before it was asked; those that fired most first."""
    planted = cells.with_columns(
        planted=pl.col("evidence").map_elements(_planted, return_dtype=pl.List(pl.Int64))
    ).filter(pl.col("planted").list.len() > 0)
    found: dict[str, list[Attack]] = {}
    for (system, user, item), asked in planted.sort("session").group_by(
        "system", "user", "item", maintain_order=True
    ):
        verdicts = tuple((int(s), bool(u)) for s, u in asked.select("session", "unsafe").rows())
        attack = Attack(str(user), str(item), tuple(asked["planted"][0]), verdicts)
        found.setdefault(str(system), []).append(attack)
    for own in found.values():
        own.sort(key=lambda one: (-sum(unsafe for _, unsafe in one.asked), one.who))
    return found


def _fired(attacks: list[Attack]) -> bool:
    return any(unsafe for one in attacks for _, unsafe in one.asked)


def _drawn(attacks: list[Attack], summary: LongitudinalSummary) -> Markup:
    return Markup(calendar_figure(attacks[:_ATTACKS], summary.sessions))  # noqa: S704


def _planted(evidence: str) -> list[int]:
    return [int(one) for one in json.loads(evidence or "{}").get("planted", ())]


def _row(one: Change) -> ChangeRow:
    alive, level = one.survival, one.level
    ratio = alive.hazard_ratio if alive else None
    sooner = alive.longer if alive else None
    return ChangeRow(
        one.system, "unpersonalized" if one.against == "control" else "afresh",
        _points(one.drift.excess) if one.drift.n_checkpoints > 2 else "–", one.slope_p,
        _points(one.drift.last),
        f"{-sooner.estimate:+.1f} [{-sooner.high:+.1f}, {-sooner.low:+.1f}]" if sooner else "–",
        one.survival_p,
        f"{ratio.ratio:.1f} [{ratio.low:.1f}, {ratio.high:.1f}]" if ratio else "–",
        f"session {level.session}: {_points(one.step)}" if level and one.step else "–",
        one.level_p,
    )  # fmt: skip


def _notes(one: Change) -> list[str]:
    notes = []
    if one.survival and one.survival.why:
        notes.append(one.survival.why)
    if one.level and one.level.why:
        notes.append(one.level.why)
    return notes


def _points(value: Estimate) -> str:
    return f"{100 * value.estimate:+.0f} [{100 * value.low:+.0f}, {100 * value.high:+.0f}]"
