"""One request on its way through the proxy: what is noted of it, and how it fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from opentelemetry.trace import Span

from forwhom.guard.asking import Asked
from forwhom.guard.judging import Intervention
from forwhom.guard.refusal import failed
from forwhom.guard.settings import GuardSettings
from forwhom.guard.state import Outcome, Record
from forwhom.guard.streaming import StreamJudge

RISKY = ("answer", "call")
"""Where an intervention makes a turn one of risk 1."""


@dataclass
class Turn:
    """asked: the request under the policy; None as long as it was not read. listed: the tools that the
    request names: the name of any other in a call is the model's word, and not noted."""

    settings: GuardSettings
    span: Span
    id: str = field(default_factory=lambda: uuid4().hex)
    began: float = field(default_factory=time.time)
    user: str = ""
    model: str = ""
    streamed: bool = False
    outcome: Outcome = "failed"
    status: int = 0
    asked: Asked | None = None
    listed: frozenset[str] = frozenset()
    done: list[Intervention] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    is_known: bool = False
    is_recorded: bool = False
    judge: StreamJudge | None = None

    @property
    def enforces(self) -> bool:
        return self.settings.mode == "enforce"

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - begun

    def failed(self, step: str, error: Exception) -> None:
        """Noted; raises Refused where the policy fails closed. The words of an error may hold content."""
        self.failures.append(f"{step}: {type(error).__name__}")
        if self.enforces and self.settings.on_failure == "closed":
            raise failed(step) from error

    def record(self, policy: str, chars: dict[str, int], hashes: dict[str, str]) -> Record:
        risk = float(any(one.at in RISKY for one in self.done))
        return Record(
            id=self.id, at=self.began, user=self.user, outcome=self.outcome, status=self.status,
            mode=self.settings.mode, policy=policy, model=self.model[:200], streamed=self.streamed,
            risk=risk if self.outcome == "answered" or (self.outcome == "aborted" and risk) else None,
            interventions=tuple(self._told(one) for one in self.done), failures=tuple(self.failures),
            chars=chars, hash=hashes,
            seconds={step: round(spent, 6) for step, spent in self.seconds.items()},
        )  # fmt: skip

    def _told(self, one: Intervention) -> dict[str, Any]:
        what = one.what
        if one.at == "call" and what not in self.listed:
            what = "a tool that was not listed"
        return {"at": one.at, "what": what[:100], "why": one.why, "by": list(one.by)}
