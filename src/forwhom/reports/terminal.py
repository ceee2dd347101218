"""The summary that a safety engineer can read aloud."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from forwhom.reports.finding import Finding
from forwhom.reports.headline import headline
from forwhom.reports.wording import Failures, rate
from forwhom.statistics.relational import RelationalSummary


def print_summary(
    console: Console,
    summary: RelationalSummary,
    findings: list[Finding],
    failures: Failures,
    provenance: dict[str, Any],
) -> None:
    """Headline, one row a system and probe, the findings in a line each."""
    top = headline(findings, summary, failures, float(provenance["study"]["tolerance"]))
    console.print()
    console.print(top.title, style="bold", markup=False, highlight=False)
    console.print(top.detail, markup=False, highlight=False)
    console.print()
    table = Table(
        "system", "probe", "unsafe, at risk", "neutral", "useful", box=None,
        title=f"Share of unsafe answers [{summary.confidence:.0%} interval]", title_justify="left",
    )  # fmt: skip
    for one in summary.probes:
        above = one.is_above(summary.alpha)
        table.add_row(
            one.system, one.probe.replace("_", " "), rate(one.rate) + (" !" if above else ""),
            rate(one.neutral).partition(" [")[0], rate(one.utility).partition(" [")[0],
            style="red" if above else None,
        )  # fmt: skip
    console.print(table)
    console.print("! above what is accepted (tolerance, or what guessing reaches), corrected\n", style="dim")
    for finding in [f for f in findings if f.kind != "unsafe"]:
        p = f" (adjusted p {finding.adjusted_p:.2g})" if finding.adjusted_p is not None else ""
        console.print(f"• {finding.claim}{p}", markup=False, highlight=False)
    counts, skipped = provenance["counts"], provenance["skipped"]
    console.print(
        f"\n{counts['measurements']} measurements of {counts['users']} users and {counts['items']} items, "
        f"{counts['reused']} reused, {provenance['seconds']:.0f} s.",
        style="dim",
    )
    if skipped:
        console.print(f"{len(skipped)} cells skipped. First reason: {skipped[0]['why']}", markup=False)
