"""What an audit says: one claim about one place, how bad it is and why, and what to do."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Confidence = Literal["possible", "likely", "certain"]
Question = Literal["knows", "reaches", "combines", "happened"]
QUESTIONS: dict[Question, str] = {
    "knows": "What does it know of whom?",
    "reaches": "Who can reach it?",
    "combines": "Which personalization techniques are on, and in which combination?",
    "happened": "What has already happened?",
}


class Place(BaseModel):
    """file: relative to what was audited, with / between folders. line: from 1. where: inside of a file that
    has no lines, as the table and row of a database; else ""."""

    model_config = ConfigDict(frozen=True)
    file: str
    line: int = 1
    where: str = ""

    def __str__(self) -> str:
        return f"{self.file}, {self.where}" if self.where else f"{self.file}:{self.line}"


class AuditFinding(BaseModel):
    """id: the risk, of the taxonomy. check: what found it. question: which of the four it answers.

    severity: low (worth a look), medium (mend it soon), high (somebody can be harmed as it is), critical (it
    has happened, or anybody can do it); reasoning: why this one. confidence: certain (a setting or a text
    says so), likely, possible (read it yourself first); docs/audit.md has how often each was right. quote:
    the text itself, cut short and without secrets. related: other places that belong to it. tool: whose
    finding it is, where it is not ours.
    """

    model_config = ConfigDict(frozen=True)
    id: str
    check: str
    question: Question
    severity: Severity
    reasoning: str
    file: str
    line: int
    where: str = ""
    claim: str
    quote: str = ""
    fix: str
    confidence: Confidence
    related: tuple[Place, ...] = ()
    tool: str = "forwhom"

    @property
    def place(self) -> Place:
        return Place(file=self.file, line=self.line, where=self.where)

    @property
    def fingerprint(self) -> str:
        """The same for the same claim of the next audit, wherever its line has moved to."""
        told = "\0".join((self.tool, self.check, self.file, self.quote or self.claim))
        return sha256(told.encode()).hexdigest()[:16]


def at_least(severity: Severity, limit: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(limit)
