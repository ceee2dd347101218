"""An audit with its results: what every format tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forwhom.audit.auditing import audit, in_order
from forwhom.audit.finding import SEVERITIES, AuditFinding, Severity, at_least
from forwhom.audit.knowledge.facts import Fact, facts_of
from forwhom.audit.openclaw_audit import merged
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reading.deployment import Deployment
from forwhom.audit.reading.read import read_deployment
from forwhom.audit.suppressions import Sorted, Suppression, sort_out
from forwhom.audit.techniques import Technique, techniques


@dataclass(frozen=True)
class Audited:
    """path: as it was named. facts: all that is stored of people. techniques: one of each class of the
    taxonomy. notes: of this run, as that OpenClaw's own audit could not be asked."""

    path: str
    deployment: Deployment
    facts: tuple[Fact, ...]
    reach: Reach
    techniques: tuple[Technique, ...]
    sorted: Sorted
    notes: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader must know before the findings."""
        return (*self.deployment.notices, *self.notes, *self.sorted.idle)

    @property
    def findings(self) -> tuple[AuditFinding, ...]:
        return self.sorted.kept

    @property
    def counts(self) -> dict[Severity, int]:
        """By severity, the worst first."""
        counted = Counter(one.severity for one in self.findings)
        return {one: counted[one] for one in reversed(SEVERITIES)}

    def stopping(self, limit: Severity) -> list[AuditFinding]:
        """The findings for which a gate with this limit does not open."""
        return [one for one in self.findings if at_least(one.severity, limit)]


def audited(
    path: Path,
    workspace: Path | None = None,
    suppressions: tuple[Suppression, ...] = (),
    today: date | None = None,
    with_openclaw: bool = False,
) -> Audited:
    """Read and audit. with_openclaw: its own audit's findings stand among ours, where it is installed.
    Raises InputError for what is no deployment."""
    deployment = read_deployment(path, workspace)
    found, why = audit(deployment), ""
    if with_openclaw:
        both, why = merged(found, deployment)
        found = in_order(both)
    return Audited(
        str(path), deployment, facts_of(deployment), reach_of(deployment), techniques(deployment),
        sort_out(found, suppressions, today or date.today()), (why,) if why else (),
    )  # fmt: skip
