"""For the terminal: the findings above low, one under another, and a count of the rest."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from forwhom.audit.audited import Audited
from forwhom.audit.finding import QUESTIONS, AuditFinding, Severity, at_least
from forwhom.audit.knowledge.inventory import inventory
from forwhom.audit.reach.paths import paths
from forwhom.audit.writing.told import headline
from forwhom.reports.wording import printable

_STYLES: dict[Severity, str] = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
_PLACES = 6
"""Of one check, so that twenty like findings take no screen."""


def print_audit(console: Console, found: Audited, limit: Severity) -> None:
    """limit: the least severity whose findings are shown one by one."""
    console.print(printable(headline(found)), soft_wrap=True)
    for told in found.notices:
        console.print(printable(told), style="yellow", soft_wrap=True)
    _print_known(console, found)
    ways = paths(found.reach)
    if ways:
        console.print("\nWays by which others come to what is remembered", style="bold")
        for way in ways[:_PLACES]:
            console.print(printable(f"  {way.sentence}"), soft_wrap=True)
        if further := ways[_PLACES:]:
            console.print(f"  and {len(further)} more", style="dim")
    is_on = [one.name for one in found.techniques if one.is_on]
    console.print(f"\nTechniques that are on: {', '.join(is_on) or 'none'}.", soft_wrap=True)
    for question, title in QUESTIONS.items():
        own = [one for one in found.findings if one.question == question and at_least(one.severity, limit)]
        if not own:
            continue
        console.print(f"\n{title}", style="bold")
        for group in _by_check(own):
            _print_group(console, group)
    below = sum(not at_least(one.severity, limit) for one in found.findings)
    if below:
        console.print(f"\n{below} findings below {limit} are not shown (--show low).", style="dim")
    if found.sorted.suppressed:
        console.print(f"{len(found.sorted.suppressed)} findings are suppressed, with reasons.", style="dim")
    if skipped := found.deployment.skipped:
        console.print(f"{len(skipped)} files or folders were not read, as {printable(skipped[0])}.",
                      style="dim", soft_wrap=True)  # fmt: skip


def _by_check(findings: list[AuditFinding]) -> list[list[AuditFinding]]:
    """In the order of the worst of each check."""
    groups: dict[tuple[str, Severity], list[AuditFinding]] = {}
    for one in findings:
        groups.setdefault((one.check, one.severity), []).append(one)
    return list(groups.values())


def _print_group(console: Console, group: list[AuditFinding]) -> None:
    first = group[0]
    style = _STYLES[first.severity]
    mark = f" from {first.tool}" if first.tool != "forwhom" else ""
    console.print(
        f"  {first.severity.upper()}  {first.check}{mark}  ({first.id or 'no risk of ours'})", style=style
    )
    for one in group[:_PLACES]:
        console.print(printable(f"    {one.place}  {one.claim}"), soft_wrap=True)
        if one.quote:
            console.print(printable(f"        “{one.quote}”"), style="dim", soft_wrap=True)
        console.print(printable(f"        {one.reasoning}"), style="dim", soft_wrap=True)
    if further := group[_PLACES:]:
        console.print(f"    and {len(further)} more like it (--format html or json has all)", style="dim")
    console.print(printable(f"    Fix: {first.fix}"), soft_wrap=True)


def _print_known(console: Console, found: Audited) -> None:
    rows = inventory(found.facts)
    if not rows:
        return
    table = Table("of", "kind", "facts", "how it came to be known", "law", title="What it knows of whom",
                  title_justify="left", box=None, pad_edge=False, header_style="dim")  # fmt: skip
    shown = [one for one in rows if one.sensitivity != "low"] or rows[:3]
    for one in shown[:18]:
        table.add_row(printable(one.whose), one.kind, str(one.count), one.how, one.law)
    console.print()
    console.print(table)
    if len(rows) > len(shown[:18]):
        console.print(f"and {len(rows) - len(shown[:18])} rows more, mostly of likes and habits", style="dim")
