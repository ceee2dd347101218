"""A fake of the LLM that extracts for mem0: a server on loopback that extracts every new message as it is,
and keeps what it was asked. The embedded model is no stand-in: mem0's instructions are longer than it reads.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def oracle_extractor() -> Iterator[tuple[str, list[str]]]:
    """Its base URL, and the requests that it gets."""
    asked: list[str] = []

    class Extracts(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body["messages"][-1]["content"])
            new = re.search(r"## New Messages\n(.*?)\n\n", asked[-1], re.DOTALL)
            told = [line.removeprefix("user: ") for line in (new.group(1) if new else "").splitlines()]
            facts = [{"id": str(n), "text": f"User says: {text}"} for n, text in enumerate(told) if text]
            self.answer({"role": "assistant", "content": json.dumps({"memory": facts})})

        def answer(self, message: dict[str, Any]) -> None:
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            completion = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
            content = json.dumps({**completion, "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Extracts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
