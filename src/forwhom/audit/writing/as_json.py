"""JSON: all of it, for scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from forwhom.audit.audited import Audited
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.facts import Fact
from forwhom.audit.quoting import quoted
from forwhom.audit.reach.graph import Reach
from forwhom.audit.reach.paths import paths


def as_json(found: Audited) -> str:
    return json.dumps(as_data(found), indent=2, ensure_ascii=False)


def as_data(found: Audited) -> dict[str, Any]:
    deployment = found.deployment
    return {
        "findings": [_finding(one) for one in found.findings],
        "suppressed": [{**_finding(one), "reason": reason} for one, reason in found.sorted.suppressed],
        "counts": found.counts,
        "facts": [_fact(one) for one in found.facts],
        "reach": _reach(found.reach),
        "techniques": [
            {"class": one.name, "on": one.is_on, "why": one.why, "evidence": list(map(str, one.evidence))}
            for one in found.techniques
        ],
        "deployment": {
            "path": found.path, "layout": deployment.layout, "product": deployment.product,
            "version": deployment.version,
            "agents": [{"id": one.id, "workspace": one.workspace} for one in deployment.agents],
            "messages": len(deployment.messages), "texts": len(deployment.texts),
        },
        "notices": list(found.notices),
        "skipped": list(deployment.skipped),
    }  # fmt: skip


def _finding(one: AuditFinding) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "fingerprint": one.fingerprint}


def _reach(reach: Reach) -> dict[str, Any]:
    """Nodes and edges of the graph, and the ways by which others come to what is remembered."""
    return {
        "nodes": [
            {"id": one.id, "column": one.column, "name": one.name, "other": one.is_other, "agent": one.agent}
            for one in reach.nodes
        ],
        "edges": [
            {"from": one.start, "to": one.end, "verb": one.verb, "why": one.why, "default": one.is_default,
             "file": one.place.file, "line": one.place.line}
            for one in reach.edges
        ],
        "paths": [
            {"who": one.who, "reads": list(one.reads), "writes": list(one.writes), "sends": list(one.sends),
             "sentence": one.sentence}
            for one in paths(reach)
        ],
    }  # fmt: skip


def _fact(one: Fact) -> dict[str, Any]:
    return {
        "whose": one.whose, "category": one.category.category, "sensitivity": one.category.sensitivity,
        "law": one.category.law, "provenance": one.provenance, "observed": day(one.entry.observed),
        "active": one.entry.is_active, "file": one.entry.place.file, "line": one.entry.place.line,
        "quote": quoted(one.entry.text),
    }  # fmt: skip


def day(seconds: float | None) -> str | None:
    """As 2026-01-31, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
