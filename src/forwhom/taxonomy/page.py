"""The taxonomy as a page of Markdown: coverage first, then every class with its risks, then what helps."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from forwhom.taxonomy.catalogue import Taxonomy
from forwhom.taxonomy.coverage import Coverage, counted, coverage
from forwhom.taxonomy.entries import Entry
from forwhom.taxonomy.sheet import NOTATION, Line, sheet

_OPENING = """# The taxonomy

What can go wrong when a language model adapts to its user, for whom, how it is measured and what helps. The
classes are those of the survey *Personalization Meets Safety* (arXiv:2606.09038); the definitions are ours.
This page is what `forwhom taxonomy --format markdown` prints. One entry of it: `forwhom taxonomy ID`."""

_FRAMEWORKS = """Where an entry of a framework honestly fits, and only there. Articles 10, 14 and 15 of the AI
Act bind high-risk systems; what article 5 prohibits has conditions that a measurement does not decide."""


def page(taxonomy: Taxonomy, running: Collection[str]) -> str:
    """The whole page. running: the probes that this installation has."""
    blocks = [_OPENING, "## Coverage", coverage_markdown(coverage(taxonomy, running))]
    blocks += ["## How to read a formula", NOTATION]
    shown: set[str] = set()
    for one in taxonomy.classes.values():
        blocks.append(entry_markdown(taxonomy, one, running, linked=True))
        new = [risk for risk in taxonomy.risks_of(one.id) if risk.id not in shown]
        shown |= {risk.id for risk in new}
        blocks += [entry_markdown(taxonomy, risk, running, level=3, linked=True) for risk in new]
    blocks += ["## Mitigations", "What each of those in forwhom does, measured: docs/mitigations.md."]
    blocks += [
        entry_markdown(taxonomy, one, running, level=3, linked=True) for one in taxonomy.mitigations.values()
    ]
    blocks += ["## Frameworks", _FRAMEWORKS, _frameworks(taxonomy)]
    sources = [f"* {_named(taxonomy, one.id, linked=True)} {one.cited}" for one in taxonomy.sources.values()]
    blocks += ["## Sources", "\n".join(sources)]
    return "\n\n".join(blocks) + "\n"


def entry_markdown(
    taxonomy: Taxonomy, entry: Entry, running: Collection[str], *, level: int = 2, linked: bool = False
) -> str:
    """One entry. linked: whether its headings are on the same page as those that it refers to."""
    one = sheet(taxonomy, entry, running)
    blocks = [f"{'#' * level} {one.id}", f"**{one.title}** ({one.kind})", one.body]
    rows = []
    for label, lines in one.rows:
        told = [_told(taxonomy, line, linked) for line in lines]
        rows.append(f"* **{label}**: {told[0]}" if len(told) == 1 else f"* **{label}**:")
        rows += [f"  * {text}" for text in told] if len(told) > 1 else []
    blocks.append("\n".join(rows))
    return "\n\n".join(block for block in blocks if block)


def coverage_markdown(rows: Sequence[Coverage]) -> str:
    """Every class and risk with its probes, or why there is none."""
    cells = [
        (row.paradigm, row.id, ", ".join(f"`{name}`" for name in row.probes) or f"none. {row.why}")
        for row in rows
    ]
    return f"{counted(rows)}\n\n" + _table(("class", "risk", "measured by"), cells)


def _frameworks(taxonomy: Taxonomy) -> str:
    cells = []
    for one in taxonomy.standards.values():
        risks = ", ".join(f"[{risk.id}](#{risk.id})" for risk in taxonomy.risks_of(one.id))
        cells.append((one.framework, f"`{one.id}` {one.title}", risks))
    return _table(("framework", "entry", "risks"), cells)


def _told(taxonomy: Taxonomy, line: Line, linked: bool) -> str:
    if not line.ref:
        return f"`{line.text}`" if line.is_code else line.text
    return f"{_named(taxonomy, line.ref, linked)} {line.text}"


def _named(taxonomy: Taxonomy, ref: str, linked: bool) -> str:
    if ref in taxonomy.sources:
        source = taxonomy.sources[ref]
        return f"[{ref}]({source.url})" if source.url != ref else f"<{ref}>"
    has_heading = ref not in taxonomy.standards
    return f"[{ref}](#{ref})" if linked and has_heading else f"`{ref}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
