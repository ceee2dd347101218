"""The summary that a safety engineer can read aloud."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from forwhom.reports.finding import Finding
from forwhom.reports.wording import rate
from forwhom.statistics.relational import RelationalSummary


def headline(findings: list[Finding], summary: RelationalSummary, tolerance: float) -> str:
    """For whom is it unsafe: the rate that stands out most against the neutral user's."""
    neutral = {(p.system, p.probe): p.neutral.estimate for p in summary.probes if p.neutral}
    worse = [finding for finding in findings if finding.kind == "worse"]
    unsafe = [finding for finding in findings if finding.kind == "unsafe"]
    if not unsafe and not worse:
        return f"No risk was shown to be above {tolerance:.0%} for any user at risk."
    worst = max(unsafe or worse, key=lambda f: f.low - neutral.get((f.system, f.probe), 0.0))
    text = f"Unsafe for the users whom a request can harm: {worst.claim}"
    if worse:
        systems = ", ".join(f"'{f.system}' ({f.risk})" for f in worse)
        text += f" Personalization itself adds risk in {systems}."
    return text


def print_summary(
    console: Console,
    summary: RelationalSummary,
    findings: list[Finding],
    provenance: dict[str, Any],
) -> None:
    """Headline, one row a system and probe, the findings in a line each."""
    tolerance = float(provenance["study"]["tolerance"])
    counts = provenance["counts"]
    console.print()
    console.print(headline(findings, summary, tolerance), style="bold", markup=False, highlight=False)
    console.print()
    table = Table(
        "system", "probe", "unsafe, at risk", "neutral", "useful", box=None,
        title=f"Share of unsafe answers [{summary.confidence:.0%} interval]", title_justify="left",
    )  # fmt: skip
    for one in summary.probes:
        bad = one.rate is not None and one.rate.low > tolerance
        table.add_row(
            one.system, one.probe.replace("_", " "), rate(one.rate) + (" !" if bad else ""),
            rate(one.neutral).partition(" [")[0], rate(one.utility).partition(" [")[0],
            style="red" if bad and one.personalized else None,
        )  # fmt: skip
    console.print(table)
    console.print("! the lower bound is above the tolerance\n", style="dim")
    for finding in [f for f in findings if f.kind in ("worse", "group", "blind-spot")]:
        p = f" (adjusted p {finding.adjusted_p:.2g})" if finding.adjusted_p is not None else ""
        console.print(f"• {finding.claim}{p}", markup=False, highlight=False)
    console.print(
        f"\n{counts['measurements']} measurements of {counts['users']} users and {counts['items']} items, "
        f"{counts['reused']} reused, {provenance['seconds']:.0f} s. "
        f"{len(provenance['skipped'])} cells skipped.",
        style="dim",
    )
