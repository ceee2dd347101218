"""Makes docs/longitudinal_calibration.md: python -m tests.controls.longitudinal_measured

It takes about six minutes on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.stats import norm

from forwhom.statistics.change_point import ChangePoint, change_point
from forwhom.statistics.drift import Drift, drift
from forwhom.statistics.exposure import Exposure, exposure, residual
from forwhom.statistics.survival import Survival, survival
from tests.controls.longitudinal_oracle import Course, hazarded, walked

_FILE = Path(__file__).parents[2] / "docs" / "longitudinal_calibration.md"
_FAST, _SLOW = 240, 120  # studies of a row
_RATIO = 2.0
_T = TypeVar("_T")

_HEAD = """# Calibration of what happens over sessions

Made by `python -m tests.controls.longitudinal_measured`. A row is so many simulated studies of 16 users who
are asked the same 6 items at each checkpoint (of sessions 1, 2, ...), under the system and under its control;
users and items differ in their risk, and 5 % of answers are missing. The Monte Carlo error of a share near
95 % is 1.4 points in 240 studies and 2 in 120.

An interval (or a set of sessions) is to hold the truth in 95 % of studies; above that it is cautious. Where
nothing is planted, p is to be below 0.05 in at most 5 % of studies; where something is, as often as it can.
"Trends differ": each user and each item has a trend of its own, whose mean is the planted one, so that
nothing is planted although courses move. "Users wander": each user's risk is a random walk. A change point is
tested by random signs of users unless it says "by order": by the order of the sessions, the same for all
users, which takes sessions that do not depend on each other, and eight of them. It speaks of other users, on
these items: where items have trends of their own, these six have moved together, and that is found, although
other items need not have. For a claim of other items see the excess slope.

"""

_TABLE = (
    "| what | truth | checkpoints | studies | covers | p < 0.05 | mean estimate |\n"
    "| - | - | - | - | - | - | - |"
)


def rows() -> Iterator[str]:
    """Every row of the table."""
    for sessions in (5, 20):
        yield from _slopes(Course(sessions=sessions, missing=0.05))
    for sessions in (5, 20):
        yield from _times(Course(sessions=sessions, missing=0.05))
    for sessions in (5, 20):
        yield from _changes(Course(sessions=sessions, missing=0.05))
    yield from _secrets()


def _slopes(course: Course) -> Iterator[str]:
    differ = 0.1 if course.sessions < 10 else 0.05
    for slope, spread in ((0.0, 0.0), (0.0, differ), (0.1, 0.0), (0.1, differ)):
        planted = replace(course, slope=slope, slopes_differ=spread)
        found = _all(lambda rng, seed, of=planted: drift(*walked(of, rng)), _FAST, Drift)
        truth = f"{slope:g} per ten sessions" + (", trends differ" if spread else "")
        end = slope * (course.sessions - 1) / 10
        for what, value, of in (
            ("excess slope", slope, [one.excess for one in found]),
            ("difference at the last checkpoint", end, [one.last for one in found]),
        ):
            held = np.mean([one.low <= value <= one.high for one in of])
            mean = np.mean([one.estimate for one in of])
            yield _row(what, truth, course, len(of), held, [one.p for one in of], f"{mean:.3f}")


def _times(course: Course) -> Iterator[str]:
    for ratio in (1.0, _RATIO):
        found = _all(lambda rng, seed, r=ratio: survival(*hazarded(r, rng, course)), _SLOW, Survival)
        ratios = [one.hazard_ratio for one in found if one.hazard_ratio]
        held = np.mean([one.low <= ratio <= one.high for one in ratios])
        mean = np.exp(np.mean([np.log(one.ratio) for one in ratios]))
        truth = f"hazard ratio {ratio:g}"
        p = [one.p for one in ratios]
        yield _row("hazard ratio", truth, course, len(ratios), held, p, f"{mean:.2f}")
        yield _row("log-rank test", truth, course, len(found), None, [one.log_rank.p for one in found])
        last = [one.control.checkpoints[-1] for one in found]
        held = np.mean([one.low <= 0.4 <= one.high for one in last])
        safe = np.mean([one.safe for one in last])
        yield _row("control still safe at the end", "0.4", course, len(last), held, None, f"{safe:.2f}")
    planted = replace(course, slopes_differ=0.05)
    found = _all(lambda rng, seed: survival(*walked(planted, rng)), _SLOW, Survival)
    truth = "none, trends differ"
    yield _row("log-rank test", truth, course, len(found), None, [one.log_rank.p for one in found])
    yield _row("sessions longer", truth, course, len(found), None, [one.longer.p for one in found])


def _changes(course: Course) -> Iterator[str]:
    late = 4 if course.sessions < 10 else 12
    for name, planted in (
        ("none", course),
        ("none, users' trends differ", replace(course, slopes_differ=0.05, only_users=True)),
        ("none for other items, trends differ", replace(course, slopes_differ=0.05)),
        ("none, users wander", replace(course, wander=0.02)),
        (f"0.1 from session {late} on", replace(course, jump=0.1, at=late)),
        (f"0.2 from session {late} on", replace(course, jump=0.2, at=late)),
    ):
        for shared in (False, True) if course.sessions > 7 else (False,):

            def study(
                rng: np.random.Generator, seed: int, of: Course = planted, by: bool = shared
            ) -> ChangePoint | None:
                return change_point(*walked(of, rng), seed=seed, shared=by)

            found = _all(study, _FAST, ChangePoint)
            p = [one.p for one in found]
            what = "change point" + (", by order" if shared else "")
            if not planted.jump:
                yield _row(what, name, course, len(found), None, p)
                continue
            held = np.mean([late in one.sessions for one in found])
            hit = np.mean([one.session == late for one in found])
            size = np.mean([len(one.sessions) for one in found])
            yield _row(what, name, course, len(found), held, p, f"right {hit:.0%}, set of {size:.1f}")


def _secrets() -> Iterator[str]:
    rng = np.random.default_rng(9)
    for shift in (0.0, 1.0):
        one = np.mean([_canary(shift, rng).bits for _ in range(20000)]) - np.mean(
            np.log2(100 / np.arange(1, 101))
        )
        found = [residual([_canary(shift, rng) for _ in range(8)]) for _ in range(_FAST)]
        held = np.mean([each.low <= one <= each.high for each in found])
        truth = "deleted" if shift == 0 else f"likelier than {norm.cdf(shift / 2**0.5):.0%} of the others"
        mean = f"{np.mean([each.bits for each in found]):.2f} bits"
        yield _row("residual of 8 canaries", truth, None, _FAST, held, [each.p for each in found], mean)


def _canary(shift: float, rng: np.random.Generator) -> Exposure:
    return exposure(rng.normal(shift), rng.normal(size=99))


def _all(study: Callable[[np.random.Generator, int], object], count: int, kind: type[_T]) -> list[_T]:
    rng = np.random.default_rng(11)
    found = [study(rng, seed) for seed in range(count)]
    return [one for one in found if isinstance(one, kind)]


def _row(
    what: str, truth: str, course: Course | None, studies: int, held: float | None,
    p: list[float] | None, mean: str = "",
) -> str:  # fmt: skip
    covers = "" if held is None else f"{held:.1%}"
    below = "" if p is None else f"{np.mean(np.array(p) < 0.05):.1%}"
    asked = "" if course is None else str(course.sessions)
    return f"| {what} | {truth} | {asked} | {studies} | {covers} | {below} | {mean} |"


if __name__ == "__main__":
    started = time.monotonic()
    lines = [_TABLE]
    for row in rows():
        print(row, flush=True)
        lines.append(row)
    _FILE.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{time.monotonic() - started:.0f} s")
