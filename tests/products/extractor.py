"""A fake of the LLM that extracts for mem0: a server on loopback that extracts every new message as it is,
and keeps what it was asked. The embedded model is no stand-in: mem0's instructions are longer than it reads.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from tests.loopback import JsonHandler


@contextmanager
def oracle_extractor() -> Iterator[tuple[str, list[str]]]:
    """Its base URL, and the requests that it gets."""
    asked: list[str] = []

    class Extracts(JsonHandler):
        def post(self, body: Any) -> None:
            asked.append(body["messages"][-1]["content"])
            new = re.search(r"## New Messages\n(.*?)\n\n", asked[-1], re.DOTALL)
            told = [line.removeprefix("user: ") for line in (new.group(1) if new else "").splitlines()]
            facts = [{"id": str(n), "text": f"User says: {text}"} for n, text in enumerate(told) if text]
            self.send_completion(json.dumps({"memory": facts}))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Extracts)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
