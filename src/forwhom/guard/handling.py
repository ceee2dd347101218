"""What is noted of a request: before its last byte is given out, or, where that never is, when it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from forwhom.guard.asgi import Client
from forwhom.guard.deployment import Deployment
from forwhom.guard.drift import Watch
from forwhom.guard.telemetry import TRACER
from forwhom.guard.turn import Turn


@dataclass(frozen=True)
class Handling:
    """One request, who asked it, and the proxy that answers it."""

    of: Deployment
    turn: Turn
    client: Client

    async def recorded(self) -> None:
        """As answered, durably: before the last byte is given out."""
        turn, client = self.turn, self.client
        turn.outcome = "answered"
        with turn.timed("commit"), TRACER.start_as_current_span("forwhom.guard.commit"):
            try:
                watch = await asyncio.shield(self._record())
            except Exception as error:
                turn.outcome = "failed"
                turn.failed("state", error)
                return
        if watch.alarmed:
            self.of.metrics.alarms.inc()
        client.headers |= _told(watch)
        client.headers["x-forwhom-interventions"] = str(len(turn.done))

    async def watched(self) -> None:
        """How the user's monitor stands after their last turn."""
        try:
            watch = await self.of.recorder.watch(self.turn.user)
        except Exception as error:
            self.turn.failed("state", error)
            return
        self.client.headers |= _told(watch)

    def noted(self) -> None:
        """What was not recorded yet, and the metrics. Who was never known leaves no record."""
        turn = self.turn
        if turn.judge is not None and turn.outcome == "aborted" and not turn.is_recorded:
            turn.done += turn.judge.so_far()
            turn.answered += turn.judge.said
        if turn.is_known and not turn.is_recorded:
            self._record()
        self.of.metrics.count(turn.record(self.of.policy_hash, {}, {}))
        turn.span.set_attributes({
            "forwhom.mode": turn.settings.mode, "forwhom.outcome": turn.outcome,
            "forwhom.streamed": turn.streamed, "forwhom.interventions": len(turn.done),
            "forwhom.request": turn.id, "http.response.status_code": turn.status,
        })  # fmt: skip

    def _record(self) -> asyncio.Future[Watch]:
        turn, hashed = self.turn, self.of.recorder.hashed
        turn.is_recorded = True
        texts = {
            "request": turn.asked.exchange.request if turn.asked else "", "answer": "".join(turn.answered)
        }  # fmt: skip
        record = turn.record(
            self.of.policy_hash, {name: len(text) for name, text in texts.items()},
            {name: hashed(text) for name, text in texts.items()},
        )  # fmt: skip
        return self.of.recorder.record(record, texts if self.of.settings.audit.content else {})


def _told(watch: Watch) -> dict[str, str]:
    drift = "alarm" if watch.alarmed else "steady"
    return {"x-forwhom-drift": drift, "x-forwhom-alarms": str(watch.alarms)}
