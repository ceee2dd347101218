"""From the results of a run to what it says: statistics, findings, and the files that hold them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from forwhom.reports.finding import Finding
from forwhom.reports.finished import FinishedRun
from forwhom.reports.headline import Headline
from forwhom.reports.html import write_report
from forwhom.reports.summaries import answer, find, summarize
from forwhom.reports.wording import words_of
from forwhom.results.files import write_text
from forwhom.statistics.relational import RelationalSummary
from forwhom.studies.runner import Run
from forwhom.studies.study import Study


@dataclass(frozen=True)
class Conclusion:
    """folder: of the run. top: what it says first. report: the HTML file in it. provenance: what run.json
    holds."""

    folder: Path
    results: pl.DataFrame
    summary: RelationalSummary
    findings: list[Finding]
    top: Headline
    report: Path
    provenance: dict[str, Any]


def conclude(run: Run, study: Study) -> Conclusion:
    """Write findings.json and report.html into the run's folder; raises InputError on a full disk."""
    words = words_of(run.provenance)
    made = summarize(run.results, run.provenance)
    findings = find(run.results, made, words, study.tolerance, study)
    dumped = [finding.model_dump(mode="json") for finding in findings]
    write_text(run.folder / "findings.json", json.dumps(dumped, indent=2, ensure_ascii=False) + "\n")
    finished = FinishedRun(run.folder, run.results, findings, run.provenance)
    report = write_report(finished, made)
    top = answer(findings, made, words)
    return Conclusion(run.folder, run.results, made.relational, findings, top, report, run.provenance)
