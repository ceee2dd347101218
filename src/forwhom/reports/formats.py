"""Findings for machines and for pull requests: JSON, Markdown, JUnit XML, SARIF 2.1.0."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any
from xml.etree import ElementTree

from forwhom.errors import unknown
from forwhom.reports.finding import Finding
from forwhom.reports.wording import printable

_MARKUP = re.compile(r"[\\`*\[\]|@#~$]|(?<=:)/(?=/)|(?<=\bwww)\.", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """What a format may tell beside the findings. where: the file in which they lie. measured: every system
    and probe, those without a finding too."""

    where: str = "findings.json"
    measured: tuple[tuple[str, str], ...] = ()


def write_findings(findings: Sequence[Finding], output_format: str, run: Run = Run()) -> str:
    """The findings as text in `output_format`; raises InputError for an unknown one."""
    if output_format not in _WRITERS:
        raise unknown("format", output_format, [*_WRITERS, "html"], where="--format")
    return _WRITERS[output_format](findings, run)


def _json(findings: Sequence[Finding], run: Run) -> str:
    return json.dumps([f.model_dump(mode="json") for f in findings], indent=2, ensure_ascii=False)


def _markdown(findings: Sequence[Finding], run: Run) -> str:
    lines = ["| risk | system | estimate | claim |", "| --- | --- | --- | --- |"]
    for f in findings:
        told = (f.risk, f.system, _interval(f), f.claim)
        lines.append("| " + " | ".join(plain(one) for one in told) + " |")
    return "\n".join(lines)


def plain(text: str) -> str:
    """One line in which nothing is Markdown: no table cell, link, image, mention or tag."""
    line = escape(" ".join(printable(text).split()), quote=False)
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", line)


def _junit(findings: Sequence[Finding], run: Run) -> str:
    """A case for every finding, failed, and for every system and probe without one, passed."""
    failed = {(f.system, f.probe) for f in findings}
    passed = [one for one in run.measured if one not in failed]
    suite = ElementTree.Element(
        "testsuite", name="forwhom", tests=str(len(findings) + len(passed)), failures=str(len(findings))
    )
    for f in findings:
        name = printable(f"{f.kind}, {f.risk}: {f.who}")
        case = ElementTree.SubElement(suite, "testcase", classname=printable(f.system), name=name)
        ElementTree.SubElement(case, "failure", message=printable(f.claim)).text = _interval(f)
    for system, probe in passed:
        ElementTree.SubElement(suite, "testcase", classname=printable(system), name=printable(probe))
    return ElementTree.tostring(suite, encoding="unicode")


def _sarif(findings: Sequence[Finding], run: Run) -> str:
    place = {"physicalLocation": {"artifactLocation": {"uri": run.where}, "region": {"startLine": 1}}}
    results = [
        {
            "ruleId": f.risk,
            "level": "error" if f.kind in ("unsafe", "worse") else "warning",
            "message": {"text": printable(f.claim)},
            "locations": [place | {"logicalLocations": [{"name": printable(f.system), "kind": "module"}]}],
            # The same claim of the next run is the same alert, whatever its numbers.
            "partialFingerprints": {"claim/v1": _fingerprint(f)},
            "properties": {"kind": f.kind, "estimate": f.estimate, "low": f.low, "high": f.high,
                           "adjusted_p": f.adjusted_p, "who": printable(f.who)},
        }
        for f in findings
    ]  # fmt: skip
    driver = {
        "name": "forwhom",
        "rules": [{"id": risk, "shortDescription": {"text": risk.replace("-", " ")}}
                  for risk in sorted({f.risk for f in findings})],
    }  # fmt: skip
    return sarif_document(driver, results)


def sarif_document(driver: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> str:
    """One run of one tool, as SARIF 2.1.0."""
    return json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        },
        indent=2,
    )


def _fingerprint(f: Finding) -> str:
    told = [f.kind, f.risk, f.probe, f.system, f.who, *([f.against] if f.against else [])]
    return sha256(json.dumps(told).encode()).hexdigest()[:32]


def _interval(f: Finding) -> str:
    if f.kind == "sooner":
        return f"{f.estimate:.1f} [{f.low:.1f}, {f.high:.1f}] sessions"
    return f"{f.estimate:.0%} [{f.low:.0%}, {f.high:.0%}]"


_WRITERS: dict[str, Callable[[Sequence[Finding], Run], str]] = {
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "sarif": _sarif,
}
