"""The longitudinal answer of a study: what grows over sessions, against whom, when, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.change_point import ChangePoint, change_point
from forwhom.statistics.checkpoints import excess
from forwhom.statistics.clustering import codes
from forwhom.statistics.drift import Drift, drift
from forwhom.statistics.estimates import Estimate, mean_estimate
from forwhom.statistics.flips import Flips, flips
from forwhom.statistics.forgetting import Forgotten, forgetting
from forwhom.statistics.narrowing import Narrowing, narrowing
from forwhom.statistics.rates import Rate, at_risk, share
from forwhom.statistics.survival import Survival, survival


@dataclass(frozen=True)
class Point:
    """A system on a probe after so many sessions. risk: the mean; unsafe: the rate, None below three users
    or items; users: the mean risk of each."""

    session: int
    risk: float
    unsafe: Rate | None
    users: dict[str, float]

    @property
    def median(self) -> float:
        """Of the users' risks."""
        return float(np.median(list(self.users.values())))


@dataclass(frozen=True)
class Course:
    """A system on a probe, checkpoint by checkpoint."""

    probe: str
    system: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Change:
    """A system against another on the same users, items and checkpoints.

    against: "control" (the one that knows nothing of anybody) or "afresh" (itself without its past). first:
    the first checkpoint at which both were asked. step: of the difference in risk at the change of level,
    given its session, for other users and items. The adjusted p of slope, of the time to the first unsafe
    answer and of the change of level: Benjamini-Hochberg, each kind over all probes and systems.
    """

    probe: str
    system: str
    control: str
    against: str
    drift: Drift
    first: int
    survival: Survival | None
    level: ChangePoint | None
    step: Estimate | None
    slope_p: float
    survival_p: float | None
    level_p: float | None


@dataclass(frozen=True)
class LongitudinalSummary:
    """sessions: of a life. checkpoints: after which everything was asked. flips: by probe and system, of
    verdicts on the same user and item from checkpoint to checkpoint. variety: by system, of what is
    suggested, against its control.
    """

    sessions: int
    checkpoints: tuple[int, ...]
    courses: list[Course]
    changes: list[Change]
    flips: dict[tuple[str, str], Flips]
    variety: dict[str, Narrowing]
    forgotten: list[Forgotten]
    confidence: float

    @property
    def alpha(self) -> float:
        return 1 - self.confidence

    def course(self, probe: str, system: str) -> Course | None:
        return next((one for one in self.courses if (one.probe, one.system) == (probe, system)), None)

    @property
    def probes(self) -> list[str]:
        return list(dict.fromkeys(one.probe for one in self.courses))


def longitudinal_summary(
    results: pl.DataFrame, afresh: Mapping[str, str], sessions: int, confidence: float, seed: int = 1
) -> LongitudinalSummary:
    """results: the results table of a study of lives. afresh: by system its twin that starts afresh.

    Replicates of an ask are averaged first; unsafe is what most of them are.
    """
    cells = _asks(at_risk(results))
    twins = set(afresh.values())  # controls themselves
    found = [
        change
        for (probe, system), own in _by(cells)
        if system not in twins
        for against, control in (("control", own["control"][0]), ("afresh", afresh.get(system, "")))
        if control and (change := _change(cells, own, probe, system, control, against, confidence, seed))
    ]
    return LongitudinalSummary(
        sessions, tuple(sorted(int(one) for one in results["session"].unique())),
        [_course(probe, system, own, confidence) for (probe, system), own in _by(cells)],
        _adjusted(found),
        {(probe, system): told for (probe, system), own in _by(cells) if (told := flips(own, confidence))},
        _variety(results, confidence, seed), forgetting(results, confidence),
        confidence,
    )  # fmt: skip


def _variety(results: pl.DataFrame, confidence: float, seed: int) -> dict[str, Narrowing]:
    """Of the probe of narrowing, all users' choices together."""
    offered = results.filter(pl.col("probe") == "narrowing")
    choice = pl.col("item") + " " + pl.col("answer")
    chosen = offered.select("system", "control", "user", "session", choice=choice)
    found = {}
    for (system, control), own in chosen.group_by("system", "control", maintain_order=True):
        other = chosen.filter(pl.col("system") == control)
        told = narrowing(own, other, confidence, seed, together=True) if control else None
        if told is not None:
            found[str(system)] = told
    return found


def _asks(cells: pl.DataFrame) -> pl.DataFrame:
    """A row for each user, item and checkpoint of a system and probe."""
    key = ["system", "probe", "control", "user", "item", "session"]
    return cells.group_by(key, maintain_order=True).agg(
        pl.col("risk").mean(), (pl.col("unsafe").cast(pl.Float64).mean() > 0.5).alias("unsafe"),
        pl.col("utility").mean(),
    )  # fmt: skip


def _by(cells: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    for (probe, system), own in cells.group_by("probe", "system", maintain_order=True):
        yield (str(probe), str(system)), own


def _change(
    cells: pl.DataFrame, own: pl.DataFrame, probe: str, system: str, control: str, against: str,
    confidence: float, seed: int,
) -> Change | None:  # fmt: skip
    other = cells.filter((pl.col("probe") == probe) & (pl.col("system") == control))
    if other.is_empty() or (slope := drift(own, other, confidence)) is None:
        return None
    alive = survival(own, other, confidence)
    level = change_point(own, other, confidence, seed)
    pairs = excess(own, other)
    step = _step(pairs, level.session, confidence) if level else None
    return Change(
        probe, system, control, against, slope, int(pairs["session"].to_numpy().min()), alive, level, step,
        slope.excess.p, alive.log_rank.p if alive else None, level.p if level else None,
    )  # fmt: skip


def _step(pairs: pl.DataFrame, session: int, confidence: float) -> Estimate | None:
    """How much more the difference is from this session on, by user and item; None where nobody was asked on
    both sides of it."""
    after = pl.col("excess").filter(pl.col("session") >= session).mean()
    before = pl.col("excess").filter(pl.col("session") < session).mean()
    own = pairs.group_by("user", "item", maintain_order=True).agg(step=after - before).drop_nulls("step")
    if own.is_empty():
        return None
    return mean_estimate(own["step"].to_numpy(), codes(own["user"]), codes(own["item"]), confidence)


def _adjusted(changes: list[Change]) -> list[Change]:
    """Each kind of test corrected over all that were made."""
    for kind in ("slope_p", "survival_p", "level_p"):
        told = [getattr(one, kind) for one in changes]
        tested = [p for p in told if p is not None]
        if not tested:
            continue
        adjusted = iter(multipletests(tested, method="fdr_bh")[1])
        corrected: list[dict[str, Any]] = [{} if p is None else {kind: float(next(adjusted))} for p in told]
        changes = [replace(one, **now) for one, now in zip(changes, corrected, strict=True)]
    return changes


def _course(probe: str, system: str, own: pl.DataFrame, confidence: float) -> Course:
    points = []
    for (session,), asked in own.sort("session").group_by("session", maintain_order=True):
        means = asked.group_by("user", maintain_order=True).agg(pl.col("risk").mean())
        users = {str(user): float(risk) for user, risk in means.rows()}
        mean = float(np.mean(asked["risk"].to_numpy()))
        points.append(Point(int(str(session)), mean, share(asked, "unsafe", confidence), users))
    return Course(probe, system, tuple(points))
