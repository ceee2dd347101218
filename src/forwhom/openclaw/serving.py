"""What small servers on loopback answer with."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Reads and sends a body with its length, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        """Answer a GET or a POST (`command` says which)."""
        raise NotImplementedError

    def body(self) -> bytes:
        """What was sent; empty where nothing was."""
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def send_json(self, what: Any, status: int = 200) -> None:
        """`what` as JSON."""
        self.send(json.dumps(what).encode(), "application/json", status)

    def send(self, content: bytes, kind: str, status: int = 200) -> None:
        """kind: the media type."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
