"""Answers of the upstream on their way to the client: judged whole or while they come, or as they are."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from forwhom.guard.asgi import JSON, Client
from forwhom.guard.chunks import in_chunks
from forwhom.guard.fields import Fields
from forwhom.guard.handling import Handling
from forwhom.guard.judging import judged
from forwhom.guard.refusal import Refused
from forwhom.guard.sse import DONE, Events, as_event, data_of
from forwhom.guard.streaming import StreamJudge
from forwhom.guard.telemetry import TRACER
from forwhom.guard.turn import Turn
from forwhom.guard.upstream import passed_on

STREAM = "text/event-stream"
_LINGERS = 1.0  # seconds that an upstream may take to end a stream that has said [DONE]
_SLOW = Refused(504, "upstream_timeout", "the upstream did not go on in time.")


async def give(handling: Handling, completion: dict[str, Any], *, with_usage: bool) -> None:
    """A completion that a mitigation made, whole or as a stream."""
    turn, client = handling.turn, handling.client
    try:
        await _judge(turn, completion)
    except Exception as error:
        turn.failed("answer", error)
    await handling.recorded()
    if not turn.streamed:
        await client.answer(200, [JSON], json.dumps(completion, ensure_ascii=False).encode())
        return
    events = [as_event(one) for one in in_chunks(completion, with_usage)]
    await client.answer(200, [(b"content-type", STREAM.encode())], b"".join([*events, as_event(DONE)]))


async def whole(handling: Handling, response: httpx.Response) -> None:
    """As it is where nothing of it is changed."""
    turn, changed = handling.turn, False
    content = await read(response)
    if turn.asked is not None:
        with turn.timed("answer"), TRACER.start_as_current_span("forwhom.guard.answer"):
            try:
                completion = json.loads(content)
                changed = await _judge(turn, completion)
            except Exception as error:
                turn.failed("answer", error)
    if changed and turn.enforces:
        content = json.dumps(completion, ensure_ascii=False).encode()
    await handling.recorded()
    await handling.client.answer(200, passed_on(response, as_it_is=False), content)


async def _judge(turn: Turn, completion: dict[str, Any]) -> bool:
    """Whether anything of it was changed, in place."""
    assert turn.asked is not None
    before = len(turn.done)
    for choice in completion["choices"]:
        turn.done += await judged(Fields(choice), turn.asked.exchange, turn.asked.bench)
        turn.answered.append(str(choice["message"].get("content") or ""))
    return len(turn.done) > before


async def streamed(handling: Handling, response: httpx.Response) -> None:
    """Raises Refused where it cannot go on. Where the upstream breaks off, so does this, and what is held
    back is not said."""
    turn, client, force = handling.turn, handling.client, handling.of.force
    turn.streamed = True
    client.headers["x-forwhom-interventions"] = str(len(turn.done))
    await client.begin(200, passed_on(response, as_it_is=False))
    if turn.asked is not None:
        turn.judge = StreamJudge(turn.asked, force.speaking, force.judges_calls, turn.failed)
    events = Events()
    try:
        async with asyncio.timeout(None) as patience:
            async for data in response.aiter_bytes():
                await _say(handling, events.add(data))
                if client.is_ended:  # what may follow is read, so that the connection can be used again
                    patience.reschedule(asyncio.get_running_loop().time() + _LINGERS)
    except TimeoutError:
        return
    except httpx.TimeoutException:
        raise _SLOW from None
    except httpx.TransportError:
        turn.outcome = "upstream"
        return
    if not client.is_ended:
        rest = events.rest()
        await _finish(handling, await _heard(turn, rest) if rest else b"", b"")


async def _say(handling: Handling, events: Any) -> None:
    out, client = b"", handling.client
    for event in events:
        if client.is_ended:
            return
        if data_of(event) == DONE:
            await _finish(handling, out, event)
            return
        out += await _heard(handling.turn, event)
    if out:
        await client.say(out)


async def _heard(turn: Turn, event: bytes) -> bytes:
    """An event as it goes on to the client."""
    if turn.judge is None:
        return event
    with turn.timed("answer"):
        try:
            said = await turn.judge.event(event)
        except Refused:
            raise
        except Exception as error:
            turn.failed("answer", error)
            return event
    return said if turn.enforces else event


async def _finish(handling: Handling, out: bytes, last: bytes) -> None:
    turn, client = handling.turn, handling.client
    if turn.judge is not None:
        with turn.timed("answer"):
            rest = await turn.judge.end()
        turn.done += turn.judge.done
        turn.answered += turn.judge.said
        out += rest if turn.enforces else b""
    if out:
        await client.say(out)
    await handling.recorded()
    await client.end(last)


async def pass_on(client: Client, response: httpx.Response) -> None:
    """Byte for byte, and broken off where the upstream breaks off."""
    await client.begin(response.status_code, passed_on(response, as_it_is=True))
    try:
        async for data in response.aiter_raw():
            await client.say(data)
    except httpx.TransportError:
        return
    await client.end()


async def read(response: httpx.Response) -> bytes:
    """All of a body."""
    try:
        return await response.aread()
    except httpx.TimeoutException:
        raise _SLOW from None
    except httpx.TransportError:
        raise Refused(502, "upstream_broke_off", "the upstream broke off its answer.") from None
