"""What the proxy tells of itself: metrics for Prometheus, and spans where OpenTelemetry is set up.

Neither has content, nor users: what is told of one user stands in the audit log.
"""

from __future__ import annotations

from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from forwhom.guard.state import Record

TRACER = trace.get_tracer("forwhom.guard")
_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """In a registry of its own, so that several apps in one process do not meet."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        name = "forwhom_guard"
        self._requests = Counter(
            f"{name}_requests",
            "Requests of chat, by how they ended.",
            ["mode", "outcome", "streamed"],
            registry=registry,
        )
        self._interventions = Counter(
            f"{name}_interventions",
            "What was changed, or in observe would have been.",
            ["mode", "at", "by"],
            registry=registry,
        )
        self._failures = Counter(f"{name}_failures", "Steps that failed.", ["step"], registry=registry)
        self._seconds = Histogram(
            f"{name}_seconds", "Seconds by step: request and answer are what the policy adds, upstream is "
            "the wait for the first byte, commit that for the state.",
            ["step"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.alarms = Counter(f"{name}_drift_alarms", "Alarms of the users' monitors.", registry=registry)
        self.running = Gauge(
            f"{name}_requests_running", "Requests that are being answered.", registry=registry
        )
        self._upstream = Counter(
            f"{name}_upstream_responses", "Answers of the upstream.", ["status"], registry=registry
        )

    def answered(self, status: int) -> None:
        self._upstream.labels(f"{status // 100}xx").inc()

    def count(self, record: Record) -> None:
        self._requests.labels(record.mode, record.outcome, str(record.streamed).lower()).inc()
        for one in record.interventions:
            for by in one["by"]:
                self._interventions.labels(record.mode, one["at"], by).inc()
        for step in record.failures:
            self._failures.labels(step.partition(":")[0]).inc()
        for step, seconds in record.seconds.items():
            self._seconds.labels(step).observe(seconds)
