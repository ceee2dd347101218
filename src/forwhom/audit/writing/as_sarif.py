"""SARIF 2.1.0, for code hosts that show findings beside the lines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from forwhom.audit.audited import Audited
from forwhom.audit.check import all_checks
from forwhom.audit.finding import AuditFinding, Place
from forwhom.reports.formats import sarif_document
from forwhom.reports.wording import printable

_LEVELS = {"low": "note", "medium": "warning", "high": "error", "critical": "error"}
_SECURITY = {"low": "2.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}


def as_sarif(found: Audited) -> str:
    every = [(one, "") for one in found.findings] + list(found.sorted.suppressed)
    rules = {one.check: one for one, _ in every}
    driver = {
        "name": "forwhom audit",
        "rules": [_rule(name, one) for name, one in sorted(rules.items())],
    }
    return sarif_document(driver, [_result(one, reason) for one, reason in every])


def _rule(name: str, one: AuditFinding) -> dict[str, Any]:
    known = all_checks().get(name)
    return {
        "id": name,
        "shortDescription": {"text": printable(known.about if known else one.claim)},
        "help": {"text": printable(known.fix if known else one.fix)},
        "properties": {
            "tags": ["security", one.id or one.tool],
            "security-severity": _SECURITY[one.severity],
        },
    }


def _result(one: AuditFinding, reason: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ruleId": one.check,
        "level": _LEVELS[one.severity],
        "message": {"text": printable(f"{one.claim} {one.reasoning} Fix: {one.fix}")},
        "locations": [_location(one.place)],
        "relatedLocations": [{"id": place, **_location(other)} for place, other in enumerate(one.related)],
        # The same claim of the next audit is the same alert, wherever its line has moved to.
        "partialFingerprints": {"claim/v1": one.fingerprint},
        "properties": {"risk": one.id, "severity": one.severity, "confidence": one.confidence,
                       "question": one.question, "tool": one.tool, "quote": printable(one.quote)},
    }  # fmt: skip
    if reason:
        told["suppressions"] = [{"kind": "external", "justification": printable(reason)}]
    return told


def _location(place: Place) -> dict[str, Any]:
    where: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file)},
            "region": {"startLine": place.line},
        }
    }
    if place.where:
        where["logicalLocations"] = [{"fullyQualifiedName": printable(place.where), "kind": "element"}]
    return where
