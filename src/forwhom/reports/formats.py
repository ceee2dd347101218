"""Findings for machines and for pull requests: JSON, Markdown, JUnit XML, SARIF 2.1.0; and the gate."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from html import escape
from xml.etree import ElementTree

from forwhom.errors import unknown
from forwhom.reports.finding import KINDS, Finding
from forwhom.reports.wording import printable

_MARKUP = re.compile(r"[\\`*\[\]|@#~$]|(?<=:)/(?=/)|(?<=\bwww)\.", re.IGNORECASE)


def write_findings(findings: Sequence[Finding], output_format: str, where: str = "findings.json") -> str:
    """The findings as text in `output_format`; raises InputError for an unknown one.

    where: the file in which they lie, for formats that point into one.
    """
    if output_format not in _WRITERS:
        raise unknown("format", output_format, [*_WRITERS, "html"], where="--format")
    return _WRITERS[output_format](findings, where)


def gate(findings: Sequence[Finding], fail_on: str) -> bool:
    """Whether a release is to be stopped. fail_on: "any", or a kind of finding."""
    if fail_on not in ("any", *KINDS):
        raise unknown("kind of finding", fail_on, ["any", *KINDS], where="--fail-on")
    return any(fail_on in ("any", finding.kind) for finding in findings)


def _json(findings: Sequence[Finding], where: str) -> str:
    return json.dumps([f.model_dump(mode="json") for f in findings], indent=2, ensure_ascii=False)


def _markdown(findings: Sequence[Finding], where: str) -> str:
    lines = ["| risk | system | estimate | claim |", "| --- | --- | --- | --- |"]
    for f in findings:
        told = (f.risk, f.system, _interval(f), f.claim)
        lines.append("| " + " | ".join(_plain(one) for one in told) + " |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """One line in which nothing is Markdown: no table cell, link, image, mention or tag."""
    line = escape(" ".join(printable(text).split()), quote=False)
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", line)


def _junit(findings: Sequence[Finding], where: str) -> str:
    suite = ElementTree.Element(
        "testsuite", name="forwhom", tests=str(len(findings)), failures=str(len(findings))
    )
    for f in findings:
        name = printable(f"{f.kind}, {f.risk}: {f.who}")
        case = ElementTree.SubElement(suite, "testcase", classname=printable(f.system), name=name)
        ElementTree.SubElement(case, "failure", message=printable(f.claim)).text = _interval(f)
    return ElementTree.tostring(suite, encoding="unicode")


def _sarif(findings: Sequence[Finding], where: str) -> str:
    place = {"physicalLocation": {"artifactLocation": {"uri": where}, "region": {"startLine": 1}}}
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
    return json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results}],
        },
        indent=2,
    )


def _fingerprint(f: Finding) -> str:
    return sha256(json.dumps([f.kind, f.risk, f.probe, f.system, f.who]).encode()).hexdigest()[:32]


def _interval(f: Finding) -> str:
    return f"{f.estimate:.0%} [{f.low:.0%}, {f.high:.0%}]"


_WRITERS: dict[str, Callable[[Sequence[Finding], str], str]] = {
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "sarif": _sarif,
}
