"""`make calibrate`: every interval and every claim over 2,000 simulated studies a cell, into docs.

python -m tests.controls.calibrate [STUDIES] [OUT]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from string import ascii_uppercase

import polars as pl

from forwhom.studies.prepared import prepare
from forwhom.studies.study import load_study, suite_path
from tests.controls import calibration as c
from tests.controls.calibration import Counted
from tests.controls.oracle import Truth, crossed, designed

STUDIES = 2000
OUT = Path(__file__).parents[2] / "docs" / "calibration.md"
_SPREADS = ((0, 0), (1, 0), (0.5, 1), (1, 1.5), (0.5, 4))
_TRUTHS = [Truth(rate, *spread) for rate in (0.05, 0.15, 0.4, 0.7, 0.9) for spread in _SPREADS]
_GRADED = [Truth(0.3, 1, 1.5, True), Truth(0.1, 0.5, 1), Truth(0.6, 0.5, 4, True)]
_HALF = [Truth(0.5, 0.5, 1), Truth(0.5, 1, 1.5, True)]
Job = tuple[Callable[..., Counted], str, Truth, dict[str, object]]


def designs() -> dict[str, pl.DataFrame]:
    """The designs of the default study, and crossed ones as a user's own study may have."""
    cells = prepare(load_study(suite_path("relational"))).cells
    drawn = {"crossed 12 x 12": crossed(12, 12), "crossed 30 x 20": crossed(30, 20),
             "crossed 64 x 25": crossed(64, 25)}  # fmt: skip
    asked_alike: set[frozenset[tuple[str, str]]] = set()
    for system, probe in dict.fromkeys((cell.system.name, cell.probe.id) for cell in cells):
        own = [cell for cell in cells if (cell.system.name, cell.probe.id) == (system, probe)]
        asked = [cell for cell in own if cell.script.at_risk and not cell.user.is_neutral]
        who_what = frozenset((cell.user.id, cell.item) for cell in asked)
        if own[0].system.is_personalized and len(asked) >= 20 and who_what not in asked_alike:
            asked_alike.add(who_what)
            size = f"{len(asked)} of {len({x.user.id for x in asked})} x {len({x.item for x in asked})}"
            drawn[f"{probe.replace('_', ' ')}, {system}: {size}"] = designed(own)
    return drawn


def jobs(names: list[str]) -> Iterator[Job]:
    """Everything that is counted."""
    for name in names:
        for truth in _TRUTHS:
            yield c.rate_coverage, name, truth, {}
        for truth in (Truth(0.05), Truth(0.05, 0.5, 1), Truth(0.25, 0.5, 1)):
            yield c.above_alarms, name, truth, {}
        for truth in _GRADED:
            yield c.group_coverage, name, truth, {}
            yield c.variance_coverage, name, truth, {}
            yield c.blind_spot_coverage, name, truth, {}
        for truth in _GRADED[:2]:
            yield c.effect_alarms, name, truth, {}
        for truth in (Truth(0.3, 0, 1.5), Truth(0.6, 0, 4)):
            yield c.group_alarms, name, truth, {}
        yield c.user_coverage, name, Truth(0.3, 1, 1.5), {}
        for shift, slope in ((0.0, 0.0), (0.0, 0.8), (1.0, 0.8)):
            yield c.difference_coverage, name, Truth(0.5, 1, 1.5), {"shift": shift, "slope": slope}
            yield c.difference_coverage, name, Truth(0.1, 0.5, 1), {"shift": shift, "slope": slope}
        for truth in _HALF:
            for family in ("system", "neutral"):
                yield c.comparison_alarms, name, truth, {"family": family}
                if name in ("crossed 12 x 12", "crossed 30 x 20") and not truth.graded:
                    yield c.comparison_alarms, name, truth, {"family": family, "probes": 8}
            if "advice" in name:
                yield c.comparison_alarms, name, truth, {"family": "reason"}


_known: dict[str, pl.DataFrame] = {}


def _run(job: Job, studies: int) -> Counted:
    if not _known:
        _known.update(designs())
    measure, name, truth, options = job
    return measure(name, _known[name], truth, studies, **options)


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    work = list(jobs(list(designs())))
    started = time.monotonic()
    counted: list[Counted] = []
    with ProcessPoolExecutor() as pool:
        for number, one in enumerate(pool.map(_run, work, [studies] * len(work)), start=1):
            counted.append(one)
            spent = time.monotonic() - started
            left = spent * (len(work) - number) / number
            print(f"{number} of {len(work)}, about {left / 60:.0f} min left: {one}", file=sys.stderr)
    out.write_text(page(counted, studies), encoding="utf-8")
    print(out)


_COVERS = "unsafe rate", "paired difference", "blind spot", "share of variance"
_SIMULTANEOUS = "all groups at once", "all users at once"


def page(counted: list[Counted], studies: int) -> str:
    """The page of docs: what was found, the worst cells named, then every cell."""
    counted = [one for one in counted if one.studies >= studies / 4]
    measures = {name: [one for one in counted if one.measure == name]
                for name in dict.fromkeys(one.measure for one in counted)}  # fmt: skip
    lines = [_HEAD.format(studies=studies, error=100 * (0.95 * 0.05 / studies) ** 0.5)]
    lines += ["| what | nominal | cells | median | below 93 % | in 93-97 % | lowest cell | highest cell |",
              "| --- | --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for name, cells in measures.items():
        shares = sorted(one.share for one in cells)
        below, inside = "-", "-"
        if name in _COVERS:
            below = str(sum(share < 0.93 for share in shares))
            inside = str(sum(0.93 <= share <= 0.97 for share in shares))
        nominal = "covers 95 %" if name in _COVERS else (
            "covers at least 95 %" if name in _SIMULTANEOUS else "alarms at most 5 %")  # fmt: skip
        lowest, highest = (chosen(cells, key=lambda one: one.share) for chosen in (min, max))
        lines.append(
            f"| {name} | {nominal} | {len(cells)} | {shares[len(shares) // 2]:.1%} | {below} | {inside} | "
            f"{_named(lowest)} | {_named(highest)} |"
        )
    letters = dict(zip(dict.fromkeys(one.design for one in counted), ascii_uppercase, strict=False))
    lines += ["\n## Designs\n"] + [f"* {letter}: {design}" for design, letter in letters.items()]
    lines.append("\n## Every cell, in percent\n")
    for name, cells in measures.items():
        shown = {(one.truth, one.design): f"{100 * one.share:.1f}" for one in cells}
        used = [design for design in letters if any(one.design == design for one in cells)]
        lines += [f"### {name}\n", "| truth | " + " | ".join(letters[design] for design in used) + " |",
                  "| --- |" + " --- |" * len(used)]  # fmt: skip
        for truth in dict.fromkeys(one.truth for one in cells):
            row = " | ".join(shown.get((truth, design), "") for design in used)
            lines.append(f"| {truth} | {row} |")
        lines.append("")
    return "\n".join(lines) + "\n"


def _named(cell: Counted) -> str:
    return f"{cell.share:.1%}: {cell.design}; {cell.truth}"


_HEAD = """# Calibration

Made by `make calibrate`. Every cell is {studies:,} simulated studies of one design (who is asked what) and
one truth; the Monte Carlo error of a share near 95 % is {error:.1f} points. Designs are those of the
default study, and fully crossed ones. A truth is the mean risk and how much users and items differ in it
(standard deviations on the logit scale; an item spread of 4 means that most items are always or never
answered unsafely). "Graded": the risk is known to a fraction, as where options are scored.

An interval is to hold the true value in 95 % of studies; below that it claims too much, above it is
cautious. A claim ("worse", "this group") is to be made where nothing is true in at most 5 % of studies.
Where it is off: where few cells count, and at rates near 0 or 1, intervals are cautious, above 97 %. Below
93 % fall rates of 5 % (or 95 %) in large crossed designs, most where the failures sit in very few items (item
spread 4): what is not in the items that were asked, no interval computed from them can know. Ask more items
where a rate is low and matters. Groups that differ from the rest by chance are hardly ever claimed, at the
price of power: a group of few items must differ much.
"""

if __name__ == "__main__":
    main()
