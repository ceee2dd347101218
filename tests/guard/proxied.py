"""A fake model and the proxy in front of it, both real servers on loopback, in threads of this process."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn

from forwhom.guard.app import build_app
from forwhom.guard.deployment import Deployment
from forwhom.guard.drift import Monitor
from forwhom.guard.policy import in_force
from forwhom.guard.server import deploy, overridden
from forwhom.guard.state import open_store
from tests.guard.fake_model import FakeModel

USERS = """
users:
  ana:
    name: Ana
    attributes:
      - {domain: allergy, value: peanuts}
      - {domain: medication, value: warfarin, told_to: [desk@holt.example]}
    contacts: {Nora: nora@home.example}
    secrets: {backup phrase: heron-lantern-10001}
  ben: {secrets: {backup phrase: otter-ladder-20002}}
"""
SECRET = "otter-ladder-20002"


@dataclass
class Proxied:
    url: str
    model: FakeModel
    model_url: str
    deployment: Deployment
    state: str

    def post(self, said: str, how: Any = None, headers: Any = None, **more: Any) -> httpx.Response:
        return httpx.post(
            f"{self.url}/chat/completions", json=body(said, how, **more), timeout=20, headers=headers
        )

    def records(self) -> list[dict[str, Any]]:
        """Once all that ran has ended."""
        until = time.monotonic() + 5
        while self.deployment.metrics.running._value.get() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.05)
        store = open_store(self.state, Monitor(None))
        try:
            return store.records()
        finally:
            store.close()

    def metrics(self) -> str:
        return httpx.get(self.url.removesuffix("/v1") + "/metrics").text


def body(said: str, how: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    system = [{"role": "system", "content": json.dumps(how)}] if how else []
    before = more.pop("before", [])
    asked = {"role": "user", "content": said}
    return {"model": "m", "messages": [*system, *before, asked], **more}


@contextmanager
def proxied(
    folder: Path, policy: str, *, environment: Mapping[str, str] | None = None, state: str = "",
    upstream: str = "", **flags: Any,
) -> Iterator[Proxied]:  # fmt: skip
    path = folder / "policy.yaml"
    path.write_text(policy, encoding="utf-8")
    state = state or f"sqlite:///{folder / 'state.sqlite'}"
    model = FakeModel()
    with ExitStack() as stack:
        model_url = stack.enter_context(served(model.app)) + "/v1"
        force = overridden(in_force(path), state=state, **flags)
        deployment = deploy(force, upstream or model_url, environment or {})
        at = stack.enter_context(served(build_app(deployment)))
        try:
            yield Proxied(f"{at}/v1", model, model_url, deployment, state)
        finally:
            for server in _servers:  # together, since each takes its time
                server.should_exit = True


_servers: list[uvicorn.Server] = []


@contextmanager
def served(app: Any) -> Iterator[str]:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="auto", timeout_graceful_shutdown=2)
    )
    _servers.append(server)
    thread = Thread(target=server.run, args=([taken],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()
        _servers.remove(server)


def text_of(streamed: str) -> str:
    """What a stream says in the content of its first choice."""
    chunks = [json.loads(one[6:]) for one in streamed.split("\n\n") if one.startswith("data: {")]
    return "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks if one.get("choices"))
