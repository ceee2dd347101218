"""Tests that must not reach beyond this machine, and servers on it."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest


def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every connection to another machine fail."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] == "127.0.0.1", f"reached for {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


class JsonHandler(BaseHTTPRequestHandler):
    """Reads and sends JSON, and logs nothing."""

    def do_POST(self) -> None:
        self.post(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def post(self, body: Any) -> None:
        """Answer what was posted."""
        raise NotImplementedError

    def send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_completion(self, content: str) -> None:
        """`content` as a chat completion."""
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.send(200, {
            "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
        })  # fmt: skip

    def log_message(self, *_: object) -> None:
        pass
