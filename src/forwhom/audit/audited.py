"""An audit with its results: what every format tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forwhom.audit.auditing import audit, in_order
from forwhom.audit.finding import SEVERITIES, AuditFinding, Severity, at_least
from forwhom.audit.knowledge.facts import Fact, facts_of
from forwhom.audit.reading.deployment import Deployment
from forwhom.audit.reading.read import read_deployment
from forwhom.audit.suppressions import Sorted, Suppression, sort_out


@dataclass(frozen=True)
class Audited:
    """path: as it was named. facts: all that is stored of people. of_openclaw: what OpenClaw's own audit
    found, among `sorted`; None where it was not asked."""

    path: str
    deployment: Deployment
    facts: tuple[Fact, ...]
    sorted: Sorted

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
    extra: tuple[AuditFinding, ...] = (),
) -> Audited:
    """Read and audit. extra: findings of others, to stand among ours. Raises InputError for what is no
    deployment."""
    deployment = read_deployment(path, workspace)
    found = in_order([*audit(deployment), *extra])
    return Audited(
        str(path), deployment, facts_of(deployment), sort_out(found, suppressions, today or date.today())
    )
