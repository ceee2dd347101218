"""A boundary that the persona or the instructions once had, and have no more."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Place
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.phrases import phrases
from forwhom.audit.knowledge.words import alike, share
from forwhom.audit.reading.deployment import OWN, Deployment, Text, Version

_SAME = 0.5


@check(
    "boundary-removed",
    risk="alignment-erosion",
    question="happened",
    about="A safety boundary of SOUL.md or AGENTS.md stood in an earlier version and is gone.",
    fix="Put the line back unless its owner took it out on purpose, and let the agent only read the file.",
)
def boundary_removed(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for text in deployment.of_kind(*OWN):
        now = list(entries_of(text))
        versions = [one for one in deployment.history if _is_of(one, text)]
        told: set[str] = set()
        for version in versions:
            for entry in entries_of(text.as_of(version)):
                if entry.text in told or not _is_boundary(entry) or _stands(entry, now):
                    continue
                told.add(entry.text)
                gone = next(
                    (one for one in versions if one.at > version.at and entry.text not in one.text), None
                )
                yield check.found(
                    _place(text, entry),
                    f"A boundary of {text.file} is gone: “{entry.text[:120]}”"
                    + (f" ({gone.commit}, {gone.author})." if gone else "."),
                    "high",
                    f"it stood in {version.commit}; nothing that stands now says the same.",
                    "likely",
                    quote=entry.text,
                )


def _says(name: str, text: str) -> bool:
    return bool(phrases("persona", name).search(text))


def _is_of(version: Version, text: Text) -> bool:
    if "!" in version.file:  # in an archive: by its name
        return version.file.rsplit("/", 1)[-1].lower() == text.file.rsplit("/", 1)[-1].lower()
    return version.file == text.file


def _is_boundary(entry: Entry) -> bool:
    under = bool(entry.headings) and _says("boundary_heading", entry.headings[-1])
    return _says("prohibits", entry.text) and (under or _says("safety", entry.text))


def _stands(entry: Entry, now: list[Entry]) -> bool:
    if not entry.words:
        return True
    return any(
        _says("prohibits", one.text)
        and (alike(entry.words, one.words) >= _SAME or share(entry.words, one.words) >= 0.75)
        for one in now
    )


def _place(text: Text, gone: Entry) -> Place:
    """Of the heading under which it stood, where that is left."""
    if gone.headings:
        for number, line in enumerate(text.lines):
            if line.lstrip("# ").strip() == gone.headings[-1] and line.startswith("#"):
                return text.at(number)
    return text.at(0)
