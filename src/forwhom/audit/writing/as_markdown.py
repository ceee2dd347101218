"""Markdown, for a pull request or a ticket."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.audited import Audited
from forwhom.audit.finding import QUESTIONS
from forwhom.audit.knowledge.inventory import inventory
from forwhom.audit.reach.picture import in_words
from forwhom.audit.writing.told import headline
from forwhom.reports.formats import plain


def as_markdown(found: Audited) -> str:
    return "\n".join(_lines(found)) + "\n"


def _techniques(found: Audited) -> Iterator[str]:
    yield "| Class | On | Why |"
    yield "| --- | --- | --- |"
    for one in found.techniques:
        is_on = "not visible" if one.is_on is None else "yes" if one.is_on else "no"
        yield f"| {plain(one.name)} | {is_on} | {plain(one.why)} |"
    yield ""


def _lines(found: Audited) -> Iterator[str]:
    yield f"# Audit of {plain(found.path)}"
    yield ""
    yield plain(headline(found))
    for notice in found.notices:
        yield f"\n> {plain(notice)}"
    yield "\n## What it knows of whom\n"
    yield "| Of | Kind | Facts | How it came to be known | Law |"
    yield "| --- | --- | ---: | --- | --- |"
    for one in inventory(found.facts):
        cells = (one.whose, one.kind, str(one.count), one.how, one.law)
        yield "| " + " | ".join(plain(cell) for cell in cells) + " |"
    for question, title in QUESTIONS.items():
        if question == "reaches":
            yield from (plain(line) if not line.startswith("- ") else "- " + plain(line[2:])
                        for line in in_words(found.reach).split("\n"))  # fmt: skip
            yield ""
        if question == "combines":
            yield from _techniques(found)
        own = [one for one in found.findings if one.question == question]
        yield f"\n## {title}\n"
        if not own:
            yield "Nothing was found."
            continue
        yield "| Severity | Risk | Where | Claim | Fix | Confidence |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for finding in own:
            told = (finding.severity, finding.id, str(finding.place), finding.claim, finding.fix,
                     finding.confidence)  # fmt: skip
            yield "| " + " | ".join(plain(cell) for cell in told) + " |"
    if found.sorted.suppressed:
        yield f"\n{len(found.sorted.suppressed)} findings are suppressed:\n"
        for finding, reason in found.sorted.suppressed:
            yield f"- {plain(finding.check)} at {plain(str(finding.place))}: {plain(reason)}"
    if found.deployment.skipped:
        yield "\nNot read:\n"
        for left in found.deployment.skipped:
            yield f"- {plain(left)}"
