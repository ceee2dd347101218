"""All checks over one deployment."""

from __future__ import annotations

from collections.abc import Iterable

from forwhom.audit.check import all_checks
from forwhom.audit.finding import QUESTIONS, SEVERITIES, AuditFinding
from forwhom.audit.reading.deployment import Deployment


def audit(deployment: Deployment) -> list[AuditFinding]:
    """The findings, the worst first; the same files give the same list."""
    return in_order(finding for one in all_checks().values() for finding in one.look(one, deployment))


def in_order(findings: Iterable[AuditFinding]) -> list[AuditFinding]:
    """By severity, question, check and place; one of those that say the same of the same place."""
    order = list(QUESTIONS)
    unique = {(one.check, one.place, one.claim): one for one in findings}
    return sorted(
        unique.values(),
        key=lambda one: (
            -SEVERITIES.index(one.severity), order.index(one.question), one.check, one.file, one.line,
            one.where,
        ),
    )  # fmt: skip
