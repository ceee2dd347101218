"""A chat server on loopback that answers what a test wrote down, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.loopback import JsonHandler


class ScriptedServer:
    """url: for a client. asked: the bodies of the requests. said: messages still to give; the last stays."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = [{"role": "assistant", "content": "Yes."}]


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    class Handler(JsonHandler):
        def post(self, body: Any) -> None:
            state.asked.append(body)
            message = state.said.pop(0) if len(state.said) > 1 else state.said[0]
            end = "tool_calls" if message.get("tool_calls") else "stop"
            choice = {"index": 0, "message": message, "finish_reason": end, "logprobs": {"content": []}}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            self.send(200, {
                "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                "usage": usage,
            })  # fmt: skip

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = ScriptedServer(f"http://127.0.0.1:{server.server_port}/v1")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def saying(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def calling(*calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    told = [
        {"id": f"c{place}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for place, (name, given) in enumerate(calls)
    ]
    return {"role": "assistant", "content": None, "tool_calls": told}


def tool(name: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {}}},
    }
