"""What the proxy tells of itself: health, metrics, spans, an audit log without content, and alarms."""

import json
import time
from pathlib import Path

import httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.guard.proxied import SECRET, USERS, proxied

SAID = f"The phrase is {SECRET}."


def test_health_tells_the_mode_the_policy_and_the_state(tmp_path: Path) -> None:
    with proxied(tmp_path, "mitigations: []\nguard: {unknown_users: neutral}", mode="observe") as at:
        answer = httpx.get(at.url.replace("/v1", "/healthz"))
        told = answer.json()
        assert answer.status_code == 200 and len(told.pop("policy")) == 16
        assert told == {"status": "ok", "mode": "observe", "state": "reachable"}


def test_metrics_count_what_was_done_and_name_nobody(tmp_path: Path) -> None:
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        at.post("x", {"says": SAID}, user="ana")
        at.post("x", {"says": SAID}, user="ana", stream=True)
        at.post("x", user="nobody")
        at.records()
        told = at.metrics()
        name = "forwhom_guard_interventions_total"
        assert f'{name}{{at="answer",by="leak_filter",mode="enforce"}} 2.0' in told
        assert 'requests_total{mode="enforce",outcome="answered",streamed="true"} 1.0' in told
        assert 'requests_total{mode="enforce",outcome="refused",streamed="false"} 1.0' in told
        assert 'forwhom_guard_seconds_count{step="commit"} 2.0' in told
        assert "ana" not in told.replace("nan", "") and "nobody" not in told and SECRET not in told


def test_the_audit_log_has_what_was_done_and_why_and_no_content(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    policy = f"mitigations: [leak_filter]\n{USERS}\nguard: {{audit: {{path: {path}}}}}"
    with proxied(tmp_path, policy) as at:
        for stream in (False, True):
            at.post("Where is my soup?", {"says": SAID}, user="ana", stream=stream)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines == at.records()
    whole, streamed = lines
    assert whole["interventions"] == [
        {"at": "answer", "what": "content", "why": "leak_filter changed it", "by": ["leak_filter"]}
    ]
    assert whole["chars"] == streamed["chars"] == {"request": 17, "answer": 20}
    assert whole["hash"] == streamed["hash"] and len(whole["hash"]["answer"]) == 16
    assert set(whole["seconds"]) == {"request", "upstream", "answer"}
    assert (whole["user"], whole["outcome"], whole["mode"], whole["risk"]) == (
        "ana",
        "answered",
        "enforce",
        1,
    )
    kept = path.read_bytes() + b"".join(one.read_bytes() for one in tmp_path.glob("state.sqlite*"))
    assert b"soup" not in kept and SECRET.encode() not in kept and b"phrase is" not in kept
    assert path.stat().st_mode & 0o077 == 0 and (tmp_path / "state.sqlite").stat().st_mode & 0o077 == 0


def test_with_content_the_file_has_it_and_the_state_does_not(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    policy = f"mitigations: [leak_filter]\n{USERS}\nguard: {{audit: {{path: {path}, content: true}}}}"
    with proxied(tmp_path, policy) as at:
        at.post("Where is my soup?", {"says": SAID}, user="ana")
        line = json.loads(path.read_text())
        assert line["content"] == {"request": "Where is my soup?", "answer": "The phrase is [...]."}
        assert "content" not in at.records()[0]


def test_a_users_drift_raises_an_alarm_that_others_do_not(tmp_path: Path) -> None:
    drift = "guard: {drift: {baseline: 0.05, worse: 0.4, false_alarms: 20}}"
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}\n{drift}", mode="observe") as at:
        told = []
        for _ in range(6):
            told.append(at.post("x", {"says": SAID}, user="ana").headers["x-forwhom-drift"])
            assert at.post("x", {"says": "Soup."}, user="ben").headers["x-forwhom-drift"] == "steady"
        assert told[0] == "steady" and "alarm" in told
        alarms = told.count("alarm")
        assert f"forwhom_guard_drift_alarms_total {alarms}.0" in at.metrics()
        assert sum(one["alarmed"] for one in at.records()) == alarms


def test_spans_tell_how_long_each_step_took(tmp_path: Path) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with proxied(tmp_path, f"mitigations: [leak_filter]\n{USERS}") as at:
        at.post("x", {"says": SAID}, user="ana", headers={"traceparent": parent})
        until = time.monotonic() + 5  # the answer's last byte is out before its span has ended
        while len(exporter.get_finished_spans()) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        spans = {one.name.removeprefix("forwhom.guard."): one for one in exporter.get_finished_spans()}
        assert set(spans) == {"chat", "request", "upstream", "answer", "commit"}
        assert f"{spans['chat'].context.trace_id:x}" == parent.split("-")[1]
        assert dict(spans["chat"].attributes or {})["forwhom.interventions"] == 1
        assert at.model.headers[0]["traceparent"].split("-")[1:3] == [
            parent.split("-")[1], f"{spans['upstream'].context.span_id:016x}",
        ]  # fmt: skip
        assert not any(
            "ana" in str(one.attributes) or SECRET in str(one.attributes) for one in spans.values()
        )
