"""The client's side of a request: its body within limits, an answer in parts, and whether it is still there.

Written to ASGI itself and not to a response class, since an answer must be able to break off as its upstream
did, and to wait with its last bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from forwhom.guard.refusal import Refused
from forwhom.guard.settings import GuardSettings
from forwhom.guard.sse import as_event

JSON = (b"content-type", b"application/json")


class Gone(Exception):  # noqa: N818 - no error
    """The client has left."""


class Client:
    """is_begun: whether the status is sent, after which an error can only be told in the stream, or by
    breaking off."""

    def __init__(self, send: Send, headers: Mapping[str, str] | None = None) -> None:
        self._send, self.is_begun, self.is_ended = send, False, False
        self.headers: dict[str, str] = dict(headers or {})
        """Sent with whatever status comes."""

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.is_begun = True
        own = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *own]})

    async def say(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        self.is_ended = True
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def answer(self, status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> None:
        length = (b"content-length", str(len(content)).encode())
        await self.begin(status, [one for one in headers if one[0] != b"content-length"] + [length])
        await self.end(content)

    async def refuse(self, refused: Refused) -> None:
        """As the answer, or as the last event of one that has begun."""
        if self.is_ended:
            return
        if self.is_begun:
            await self.end(as_event(refused.body))
        else:
            await self.answer(refused.status, [JSON], refused.content)


def headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def body_of(receive: Receive, headers: Mapping[str, str], settings: GuardSettings) -> bytes:
    """Raises Refused for one that is too large or too slow, Gone where the client leaves."""
    limit = settings.body_limit
    too_large = Refused(413, "request_too_large", f"a request has at most {limit:,} bytes.")
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings.timeout):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise too_large
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise Refused(408, "request_timeout", "the request did not come in time.") from None


async def while_there(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """`work`, which is cancelled when the client leaves: then raises Gone."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        else:
            raise Gone
    finally:
        for task in (working, leaving):
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


async def _left(receive: Receive) -> None:
    message: Message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()
