"""A model that says what its request tells it to: deterministic, whole or streamed, and failing on demand.

The user's last message is what is said; a line of JSON in the system prompt says how:
{"calls": [[name, arguments]], "chunk": 3, "pause": 0.01, "status": 429, "breaks_after": 2, "sleeps": 5, ...}
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

HEAD = {"id": "x1", "created": 1, "model": "m"}


class FakeModel:
    """asked: bodies, headers: of the requests, in order. running, aborted: streams."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.running = self.aborted = 0
        self.app = Starlette(routes=[
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/embeddings", self.embeddings, methods=["POST"]),
        ])  # fmt: skip

    async def models(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        return JSONResponse({"object": "list", "data": [{"id": "m", "object": "model"}]})

    async def embeddings(self, request: Request) -> Response:
        self.raw.append(await request.body())
        return Response(b'{"data": [ {"embedding":[0.5]} ]}', media_type="application/json")

    async def chat(self, request: Request) -> Response:
        raw = await request.body()
        body = json.loads(raw)
        self.asked.append(body)
        self.raw.append(raw)
        self.headers.append(dict(request.headers))
        how = _how(body)
        if "cookie" in how:
            return JSONResponse({**HEAD, "choices": []}, headers={"set-cookie": f"session={how['cookie']}"})
        if how.get("sleeps"):
            await asyncio.sleep(how["sleeps"])
        if "status" in how:
            told = json.dumps({"error": {"message": "no", "odd": "spacing"}}, indent=3).encode()
            return Response(told, how["status"], {"retry-after": "7", "x-odd": "1"}, "application/json")
        if "text" in how:
            return Response(how["text"], media_type="application/json")
        said = how.get("says", _said(body))
        if body.get("stream"):
            return StreamingResponse(self.stream(said, how, body), media_type="text/event-stream")
        calls = [_call(place, one) for place, one in enumerate(how.get("calls", ()))]
        message: dict[str, Any] = {"role": "assistant", "content": said or None}
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return JSONResponse({**HEAD, "object": "chat.completion", "choices": [choice], "usage": usage})

    async def stream(self, said: str, how: dict[str, Any], body: dict[str, Any]) -> AsyncIterator[bytes]:
        self.running += 1
        is_done = False
        try:
            yield _event({"role": "assistant", "content": ""})
            for place, part in enumerate(parts(said, how.get("chunk", 4))):
                if place == how.get("breaks_after"):
                    raise RuntimeError("the upstream breaks off")
                yield _event({"content": part})
                await asyncio.sleep(how.get("pause", 0))
            for place, one in enumerate(how.get("calls", ())):
                call = _call(place, one)
                function = call.pop("function")
                head = {"index": place, **call, "function": {"name": function["name"], "arguments": ""}}
                yield _event({"tool_calls": [head]})
                for part in parts(function["arguments"], 5):
                    yield _event({"tool_calls": [{"index": place, "function": {"arguments": part}}]})
            yield _event({}, "tool_calls" if how.get("calls") else "stop")
            if (body.get("stream_options") or {}).get("include_usage"):
                usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
                yield _data({**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": usage})
            yield b"data: [DONE]\n\n"
            is_done = True
        finally:
            self.running -= 1
            self.aborted += not is_done


def parts(text: str, size: int) -> list[str]:
    return [text[place : place + size] for place in range(0, len(text), size)]


def _event(delta: dict[str, Any], end: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return _data({**HEAD, "object": "chat.completion.chunk", "choices": [choice]})


def _data(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _call(place: int, one: list[Any]) -> dict[str, Any]:
    function = {"name": one[0], "arguments": json.dumps(one[1])}
    return {"id": f"c{place}", "type": "function", "function": function}


def _said(body: dict[str, Any]) -> str:
    told = [one["content"] for one in body["messages"] if one["role"] == "user"]
    return str(told[-1]) if told else ""


def _how(body: dict[str, Any]) -> dict[str, Any]:
    for one in body["messages"]:
        if one["role"] == "system":
            for line in str(one["content"]).splitlines():
                if line.startswith("{"):
                    how: dict[str, Any] = json.loads(line)
                    return how
    return {}


fake = FakeModel()
app = fake.app
