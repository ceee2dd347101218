"""A boundary that the persona or the instructions once had, and have no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Place
from forwhom.audit.knowledge.entries import Entry, entries_of
from forwhom.audit.knowledge.words import alike, share
from forwhom.audit.reading.deployment import OWN, Deployment, Text, Version

_PROHIBITS = re.compile(
    r"\b(?:never|do not|don['’]t|must not|no (?:[a-z]+ ){0,3}without|not without|only (?:after|with|when|"
    r"if)|ask (?:first|before)|"
    r"before (?:acting|sending|you send|you act|anything)|when in doubt|private|confirm|confirmation|"
    r"refuse|untrusted|"
    r"as data|careful|stay(?:s)? private|nie(?:mals)?|nicht|nur nach|kein\w*|nunca|no (?:envíes|compartas|"
    r"digas)|"
    r"sin confirmar|pregunta antes|solo (?:si|con|tras))\b",
    re.IGNORECASE,
)
_SAFETY = re.compile(
    r"\b(?:private|secret|share|send|e-?mail|post|public|tell|disclos\w*|leak|password|credential|money|"
    r"pay\w*|buy|"
    r"purchase|book|delete|destroy|destructive|rm |trash|medical|health|dose|dosage|doctor|diagnos\w*|"
    r"legal|lawyer|"
    r"financial|invest\w*|safety|harm\w*|self-harm|suicid\w*|crisis|minor|child\w*|family|group|stranger|"
    r"data|"
    r"exfiltrat\w*|instruction|obey|follow|confirm\w*|permission|ask\w*|act\w* externally|in doubt|"
    r"exec\w*|command|voice|"
    r"honest|truth|flatter|disagree|contradict|yes-?man|privat\w*|weitergeb\w*|schick\w*|geld|zahl\w*|"
    r"arzt|ärzt\w*|comparta\w*|compartas|envíes|pag\w*|médic\w*)\b",
    re.IGNORECASE,
)  # fmt: skip
_HEADING = re.compile(
    r"bound|red line|safety|limits?|rules?|grenzen|límites|security|privacy|don.ts|never", re.IGNORECASE
)
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
            for entry in entries_of(Text(text.file, text.kind, text.agents, tuple(version.text.split("\n")))):
                if entry.text in told or not _is_boundary(entry) or _stands(entry, now):
                    continue
                told.add(entry.text)
                gone = next(
                    (one for one in versions if one.at > version.at and entry.text not in one.text), None
                )
                yield check.found(
                    _place(text, now, entry),
                    f"A boundary of {text.file} is gone: “{entry.text[:120]}”"
                    + (f" ({gone.commit}, {gone.author})." if gone else "."),
                    "high",
                    f"it stood in {version.commit}; nothing that stands now says the same.",
                    "likely",
                    quote=entry.text,
                )


def _is_of(version: Version, text: Text) -> bool:
    if "!" in version.file:  # in an archive: by its name
        return version.file.rsplit("/", 1)[-1].lower() == text.file.rsplit("/", 1)[-1].lower()
    return version.file == text.file


def _is_boundary(entry: Entry) -> bool:
    under = bool(entry.headings) and bool(_HEADING.search(entry.headings[-1]))
    return bool(_PROHIBITS.search(entry.text)) and (under or bool(_SAFETY.search(entry.text)))


def _stands(entry: Entry, now: list[Entry]) -> bool:
    if not entry.words:
        return True
    return any(
        alike(entry.words, one.words) >= _SAME
        or (share(entry.words, one.words) >= 0.75 and bool(_PROHIBITS.search(one.text)))
        for one in now
    )


def _place(text: Text, now: list[Entry], gone: Entry) -> Place:
    """Of the heading under which it stood, where that is left."""
    if gone.headings:
        for number, line in enumerate(text.lines):
            if line.lstrip("# ").strip() == gone.headings[-1] and line.startswith("#"):
                return text.at(number)
    return text.at(0)
