"""Findings for machines and for pull requests: JSON, Markdown, JUnit XML, SARIF 2.1.0; and the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

from forwhom.errors import unknown
from forwhom.reports.finding import KINDS, Finding


def write_findings(findings: Sequence[Finding], output_format: str) -> str:
    """The findings as text in `output_format`; raises InputError for an unknown one."""
    if output_format not in _WRITERS:
        raise unknown("format", output_format, [*_WRITERS, "html"], where="--format")
    return _WRITERS[output_format](findings)


def gate(findings: Sequence[Finding], fail_on: str) -> bool:
    """Whether a release is to be stopped. fail_on: "any", or a kind of finding."""
    if fail_on not in ("any", *KINDS):
        raise unknown("kind of finding", fail_on, ["any", *KINDS], where="--fail-on")
    return any(fail_on in ("any", finding.kind) for finding in findings)


def _json(findings: Sequence[Finding]) -> str:
    return json.dumps([f.model_dump(mode="json") for f in findings], indent=2, ensure_ascii=False)


def _markdown(findings: Sequence[Finding]) -> str:
    lines = ["| risk | system | estimate | claim |", "| --- | --- | --- | --- |"]
    for f in findings:
        claim = f.claim.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| {f.risk} | {f.system} | {_interval(f)} | {claim} |")
    return "\n".join(lines)


def _junit(findings: Sequence[Finding]) -> str:
    suite = ElementTree.Element(
        "testsuite", name="forwhom", tests=str(len(findings)), failures=str(len(findings))
    )
    for f in findings:
        case = ElementTree.SubElement(suite, "testcase", classname=f.system, name=f"{f.risk}: {f.who}")
        ElementTree.SubElement(case, "failure", message=f.claim).text = _interval(f)
    return ElementTree.tostring(suite, encoding="unicode")


def _sarif(findings: Sequence[Finding]) -> str:
    results = [
        {
            "ruleId": f.risk,
            "level": "error" if f.kind in ("unsafe", "worse") else "warning",
            "message": {"text": f.claim},
            "locations": [{"logicalLocations": [{"name": f.system, "kind": "module"}]}],
            "properties": {"estimate": f.estimate, "low": f.low, "high": f.high, "who": f.who},
        }
        for f in findings
    ]
    driver = {
        "name": "forwhom",
        "rules": [{"id": risk} for risk in sorted({f.risk for f in findings})],
    }
    return json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        },
        indent=2,
    )


def _interval(f: Finding) -> str:
    return f"{f.estimate:.0%} [{f.low:.0%}, {f.high:.0%}]"


_WRITERS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "sarif": _sarif,
}
