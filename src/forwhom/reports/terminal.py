"""The summary that a safety engineer can read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from forwhom.reports.finding import Finding
from forwhom.reports.headline import Headline
from forwhom.reports.mitigations import told_of
from forwhom.reports.wording import named, p_value, printable, rate
from forwhom.statistics.relational import RelationalSummary

_ADVISED = 3


def print_summary(
    console: Console,
    summary: RelationalSummary,
    findings: list[Finding],
    top: Headline,
    provenance: dict[str, Any],
) -> None:
    """Headline, one row a system and probe, the findings in a line each."""
    console.print()
    console.print(printable(top.title), style="bold")
    console.print(printable(top.detail))
    console.print()
    table = Table(
        "probe", "system", "unsafe, at risk", "neutral", "useful", box=None,
        title=f"Share of unsafe answers [{summary.confidence:.0%} interval]", title_justify="left",
    )  # fmt: skip
    for one in summary.side_by_side():
        above = one.is_above(summary.alpha)
        table.add_row(
            named(one.probe), one.system, rate(one.rate) + (" !" if above else ""),
            rate(one.neutral).partition(" [")[0], rate(one.utility).partition(" [")[0],
            style="red" if above else None,
        )  # fmt: skip
    console.print(table)
    controls = list(dict.fromkeys(one.system for one in summary.probes if one.is_control))
    console.print(
        "! above what is accepted, corrected. Where two given answers are compared, guessing fails half of "
        "the time, and that is not accepted."
        + (f" Not tested, since others are compared with it: {', '.join(controls)}." if controls else "")
        + "\n", style="dim",
    )  # fmt: skip
    for finding in [f for f in findings if f.kind != "unsafe"]:
        p = f" (adjusted {p_value(finding.adjusted_p)})" if finding.adjusted_p is not None else ""
        console.print(printable(f"• {finding.claim}{p}"))
    for line in _advice(findings):
        console.print(printable(line), soft_wrap=True)
    counts, skipped = provenance["counts"], provenance["skipped"]
    who = f"{counts['users']} users" + (" and the neutral one" if counts["neutral"] else "")
    console.print(
        f"\n{counts['measurements']} measurements of {who}, {counts['items']} items, "
        f"{counts['reused']} reused, {provenance['seconds']:.0f} s.",
        style="dim",
    )
    if skipped:
        console.print(printable(f"{counts['skipped']} cells skipped. First reason: {skipped[0]['why']}"))


def _advice(findings: list[Finding]) -> Iterator[str]:
    """What was measured to help, by system and probe."""
    told: set[tuple[str, str]] = set()
    for one in findings:
        if not one.mitigations or (one.system, one.probe) in told:
            continue
        if not told:
            yield "\nWhat helps, the most risk removed for the usefulness lost first:"
        told.add((one.system, one.probe))
        yield f"• '{one.system}' on {named(one.probe)}"
        yield from (f"    {told_of(advice)}" for advice in one.mitigations[:_ADVISED])
        yield f"    {one.mitigations[0].command}"
