"""`POST /v1/chat/completions`: asked and answered under the policy, whole or as a stream."""

from __future__ import annotations

import json
from typing import Any

import httpx
from opentelemetry.propagate import extract, inject
from starlette.types import Receive, Scope, Send

from forwhom.guard.answers import STREAM, give, pass_on, read, streamed, whole
from forwhom.guard.asgi import Client, Gone, body_of, headers_of, while_there
from forwhom.guard.asking import OneAsker, answered_by_a_mitigation, asked, show
from forwhom.guard.deployment import Deployment
from forwhom.guard.fields import Fields
from forwhom.guard.handling import Handling
from forwhom.guard.refusal import Refused, failed
from forwhom.guard.telemetry import TRACER
from forwhom.guard.turn import Turn
from forwhom.guard.upstream import Headers
from forwhom.systems.reply import Reply
from forwhom.users.user import User

Body = dict[str, Any]
_NOT_SENT = ("messages", "user")
_OF_STREAMS = ("stream", "stream_options")


class _PassOn(Exception):  # noqa: N818 - no error
    """An answer of the upstream that is no completion, to be given to the client as it is."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response


class Chat:
    def __init__(self, deployment: Deployment) -> None:
        self._of, self._running = deployment, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, settings = headers_of(scope), self._of.settings
        with TRACER.start_as_current_span("forwhom.guard.chat", context=extract(headers)) as span:
            turn = Turn(settings, span)
            client = Client(send, {"x-forwhom-request": turn.id, "x-forwhom-mode": settings.mode})
            handling = Handling(self._of, turn, client)
            self._count(1)
            try:
                if self._running > settings.streams:
                    raise Refused(429, "too_many_requests", "too many requests at once; try again.")
                self._of.identity.allows(headers)  # before anything is read of who may not ask
                raw = await body_of(receive, headers, settings)
                await while_there(receive, self._served(handling, scope, headers, raw))
            except Gone:
                turn.outcome = "aborted"
            except Refused as refused:
                turn.outcome, turn.status = refused.outcome, turn.status or refused.status
                await client.refuse(refused)
            except Exception as error:  # a defect of ours: told by its kind, since its words may be content
                turn.outcome = "failed"
                turn.failures.append(f"proxy: {type(error).__name__}")
                await client.refuse(failed("proxy"))
            finally:
                self._count(-1)
                handling.noted()

    def _count(self, more: int) -> None:
        self._running += more
        self._of.metrics.running.set(self._running)

    async def _served(self, handling: Handling, scope: Scope, headers: dict[str, str], raw: bytes) -> None:
        turn, body = handling.turn, _parsed(raw)
        caller = self._of.identity.caller(headers, body)
        turn.user, turn.is_known = caller.name, True
        turn.model, turn.streamed = str(body.get("model", "")), body.get("stream") is True
        turn.listed = frozenset(_listed(body))
        await handling.watched()
        wish = _wish(body)
        with turn.timed("request"), TRACER.start_as_current_span("forwhom.guard.request"):
            await self._read(turn, caller.known, body, wish)
        try:
            made = await self._made(handling, scope, wish)
            if made is not None:
                usage = bool((body.get("stream_options") or {}).get("include_usage"))
                await give(handling, made, with_usage=usage)
                return
            response = await self._ask(turn, scope, _content(turn, body, wish, raw))
            try:
                is_stream = response.headers.get("content-type", "").startswith(STREAM)
                await (streamed if is_stream else whole)(handling, response)
            finally:
                await self._of.upstream.release(response)
        except _PassOn as passing:
            turn.outcome = "upstream"
            try:
                await pass_on(handling.client, passing.response)
            finally:
                await self._of.upstream.release(passing.response)

    async def _read(self, turn: Turn, known: User, body: Body, wish: Body) -> None:
        """The request as the policy has it; in observe nothing of it is refused."""
        messages = body.get("messages")
        is_plain = isinstance(messages, list) and all(isinstance(one, dict) for one in messages)
        if turn.enforces and (not is_plain or body.get("functions") or body.get("function_call")):
            raise Refused(400, "invalid_request", "'messages' is a list of messages, and tools are 'tools'.")
        try:
            turn.asked = asked(self._of.force, known, messages or [])
        except Exception as error:
            if turn.enforces:  # whoever wrote it can mend it
                raise Refused(400, "invalid_request", "'messages' cannot be read.") from error
            turn.failed("request", error)
            return
        try:
            await show(turn.asked, wish)
            turn.done += turn.asked.done
        except Exception as error:
            turn.failed("request", error)
            turn.asked.sent = messages or []
            wish |= _wish(body)  # of which some may be gone

    async def _ask(self, turn: Turn, scope: Scope, content: bytes) -> httpx.Response:
        """Raises _PassOn for what is no completion."""
        with turn.timed("upstream"), TRACER.start_as_current_span("forwhom.guard.upstream"):
            headers = _traced(scope["headers"])
            response = await self._of.upstream.send(
                "POST", "/chat/completions", scope["query_string"], headers, content, plain=True
            )
        turn.status = response.status_code
        self._of.metrics.answered(response.status_code)
        if response.status_code != 200:
            raise _PassOn(response)
        return response

    async def _made(self, handling: Handling, scope: Scope, wish: Body) -> Body | None:
        """A completion by a mitigation that asks the model in its own way; it does not in observe."""
        turn = handling.turn
        if not turn.enforces or turn.asked is None or not self._of.force.answering:
            return None

        async def ask(messages: list[Any], settings: Body) -> Fields:
            plain = {key: value for key, value in settings.items() if key not in _OF_STREAMS}
            content = json.dumps({**plain, "messages": messages}, ensure_ascii=False).encode()
            response = await self._ask(turn, scope, content)
            try:
                return Fields(json.loads(await read(response)))
            finally:
                await self._of.upstream.release(response)

        try:
            made = await answered_by_a_mitigation(turn.asked, OneAsker(ask, wish, _in_form))
        except (Refused, _PassOn):
            raise
        except Exception as error:
            turn.failed("answers", error)
            return None
        return made.held if made is not None else None


def _traced(headers: Headers) -> Headers:
    """With the span that is current in place of the client's."""
    traced: dict[str, str] = {}
    inject(traced)
    kept = [one for one in headers if one[0].decode("latin-1") not in traced]
    return kept + [(name.encode(), value.encode()) for name, value in traced.items()]


def _wish(body: Body) -> Body:
    """The settings of a request."""
    return {key: value for key, value in body.items() if key not in _NOT_SENT}


def _content(turn: Turn, body: Body, wish: Body, raw: bytes) -> bytes:
    """What goes upstream: as it came, where nothing was changed."""
    if not turn.enforces or (not turn.done and "user" not in body):
        return raw
    sent = turn.asked.sent if turn.asked else body.get("messages")
    return json.dumps({**wish, "messages": sent}, ensure_ascii=False).encode()


def _parsed(raw: bytes) -> Body:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "invalid_request", "the body is no JSON object.")
    return body


def _listed(body: Body) -> list[str]:
    tools = body.get("tools")
    told = [one.get("function") for one in tools if isinstance(one, dict)] if isinstance(tools, list) else []
    return [str(one.get("name")) for one in told if isinstance(one, dict)]


def _in_form(reply: Reply, last: Fields) -> Fields:
    told: Body = last.held
    choice = told["choices"][0]
    message = {**choice["message"], "content": reply.text}
    return Fields({**told, "choices": [{**choice, "message": message}]})
