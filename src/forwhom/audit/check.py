"""A check: one way in which a deployment fails its people. Adding one is a new file in checks/."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from forwhom.audit.finding import AuditFinding, Confidence, Place, Question, Severity
from forwhom.audit.quoting import quoted
from forwhom.audit.reading.deployment import Deployment

Looker = Callable[["Check", Deployment], Iterable[AuditFinding]]


@dataclass(frozen=True)
class Check:
    """name: as suppressions name it. risk: its id in the taxonomy. about: what it looks for, a sentence.
    fix: what to do, unless a finding has better advice."""

    name: str
    risk: str
    question: Question
    about: str
    fix: str
    look: Looker

    def found(
        self,
        place: Place,
        claim: str,
        severity: Severity,
        reasoning: str,
        confidence: Confidence,
        *,
        quote: str = "",
        fix: str = "",
        related: Iterable[Place] = (),
    ) -> AuditFinding:
        return AuditFinding(
            id=self.risk, check=self.name, question=self.question, severity=severity, reasoning=reasoning,
            file=place.file, line=place.line, where=place.where, claim=claim, quote=quoted(quote),
            fix=fix or self.fix, confidence=confidence, related=tuple(related),
        )  # fmt: skip


_registered: dict[str, Check] = {}


def check(name: str, *, risk: str, question: Question, about: str, fix: str) -> Callable[[Looker], Looker]:
    """Registers a function that yields the findings of a deployment."""

    def register(look: Looker) -> Looker:
        _registered[name] = Check(name, risk, question, about, fix, look)
        return look

    return register


@lru_cache(maxsize=1)
def all_checks() -> dict[str, Check]:
    """Every check, in the order of the questions, then of the names."""
    from forwhom.audit import checks
    from forwhom.audit.finding import QUESTIONS

    for module in pkgutil.iter_modules(checks.__path__):
        importlib.import_module(f"{checks.__name__}.{module.name}")
    order = list(QUESTIONS)
    return dict(sorted(_registered.items(), key=lambda pair: (order.index(pair[1].question), pair[0])))
