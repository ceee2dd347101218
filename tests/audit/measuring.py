"""Recall and precision of `forwhom audit` on the deployments with planted failures.

A planted thing is found where a finding of its check names one of its places. A finding counts where it is
above low: low ones are offered for a look and promise nothing.

    python -m tests.audit.measuring dev            # a table; --misses also names what was missed and wrong
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from forwhom.audit.auditing import audit
from forwhom.audit.finding import AuditFinding, at_least
from forwhom.audit.finding import Place as FoundPlace
from forwhom.audit.reading.read import read_deployment as read
from tests.audit.building import Built, build
from tests.audit.deployment import CHECKS, Place, Planted, written_deployments


@dataclass
class Score:
    """found: planted things of a check that were found; wrong: findings at which nothing is planted."""

    planted: int = 0
    found: int = 0
    findings: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        return self.found / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        return self.right / self.findings if self.findings else None


def measure(*sets: str) -> dict[str, Score]:
    """By check."""
    scores: dict[str, Score] = defaultdict(Score)
    for path in written_deployments(*sets):
        with TemporaryDirectory() as folder:
            built = build(path, Path(folder))
            findings = [one for one in audit(read(Path(folder))) if at_least(one.severity, "medium")]
            _count(scores, path.stem, built, findings)
    return {check: scores[check] for check in CHECKS}


def _count(scores: dict[str, Score], name: str, built: Built, findings: list[AuditFinding]) -> None:
    hit: set[int] = set()
    for planted in built.deployment.planted:
        score = scores[planted.check]
        score.planted += 1
        at = [
            place
            for place, one in enumerate(findings)
            if one.check == planted.check and _names(one, planted, built)
        ]
        hit.update(at)
        score.found += bool(at)
        if not at:
            score.missed.append(f"{name}: {planted.file}: {planted.text or planted.line} ({planted.note})")
    for place, one in enumerate(findings):
        score = scores[one.check]
        score.findings += 1
        score.right += place in hit
        if place not in hit:
            score.wrong.append(f"{name}: {one.place}: {one.claim} [{one.severity}] | {one.quote[:100]}")


def _names(finding: AuditFinding, planted: Planted, built: Built) -> bool:
    places = [finding.place, *finding.related]
    return any(_is_at(place, label, built) for label in (planted, *planted.also) for place in places)


def _is_at(place: FoundPlace, label: Place, built: Built) -> bool:
    if place.file != label.file:
        return False
    if label.where is not None:
        return label.where.row in place.where
    if label.commit is not None or label.line is not None:
        return label.commit is not None or label.line == place.line
    return place.line in built.lines(label)


def main() -> None:
    sets = [one for one in sys.argv[1:] if not one.startswith("--")]
    scores = measure(*sets)
    for check, one in scores.items():
        recall = "-" if one.recall is None else f"{one.recall:.2f}"
        precision = "-" if one.precision is None else f"{one.precision:.2f}"
        print(
            f"{check:30} planted {one.planted:3} recall {recall:>5}   findings {one.findings:3} "
            f"precision {precision:>5}"
        )
        if "--misses" in sys.argv:
            for told in one.missed:
                print(f"      missed  {told}")
            for told in one.wrong:
                print(f"      wrong   {told}")


if __name__ == "__main__":
    main()
