"""The gateway's WebSocket protocol (gateway/protocol), as far as somebody who writes to an agent needs it.

One connection is one person: with the operator's full scopes the agent's owner, with less somebody else,
whom OpenClaw does not take for the owner.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from threading import RLock
from typing import Any
from uuid import uuid4

from forwhom.errors import InputError
from forwhom.openclaw.telegram import Telegram

_PROTOCOL = 4
_SECONDS = 60
_TRIES = 60
_LOOKS = 0.05  # seconds between two looks at a turn
_NOT_READY = "owns state-lifecycle"  # of two agents that begin at once, one waits for the other's database
TURN_SECONDS = 600
OWNER = ("operator.admin", "operator.read", "operator.write")
SOMEBODY = ("operator.read", "operator.write")


class GatewayError(RuntimeError):
    """What the gateway, or the agent behind it, answered in place of a result."""


@dataclass(frozen=True)
class Said:
    """What an agent answered to one message. text: "" where it chose to say nothing. tokens of all model
    calls of the turn, as the provider counted them. injected: names of the files of the workspace that stood
    in its prompt, as OpenClaw reports them."""

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    injected: tuple[str, ...] = ()


class Client:
    """A connection; blocking, for one thread at a time. Raises OSError where nothing listens.

    turn: held during every call, where connections take turns.
    """

    def __init__(
        self, port: int, token: str, scopes: Sequence[str] = OWNER, turn: RLock | None = None
    ) -> None:
        connect, self._turn = _library(), turn or RLock()
        self._limits = count(1)
        self._socket = connect(
            f"ws://127.0.0.1:{port}", max_size=None, proxy=None, open_timeout=_SECONDS, close_timeout=1,
            ping_interval=None,
        )  # fmt: skip
        try:
            self._socket.recv(timeout=_SECONDS)  # the challenge, of which a shared token needs nothing
            who = {"id": "gateway-client", "version": "0", "platform": "forwhom", "mode": "backend"}
            self.call("connect", minProtocol=_PROTOCOL, maxProtocol=_PROTOCOL, client=who, role="operator",
                      scopes=list(scopes), auth={"token": token}, caps=[])  # fmt: skip
        except BaseException:
            self.close()
            raise

    def call(self, method: str, *, seconds: float = _SECONDS, **params: Any) -> dict[str, Any]:
        """The result of a method; raises GatewayError with what was refused."""
        with self._turn:
            return self._called(method, seconds, params)

    def _called(self, method: str, seconds: float, params: dict[str, Any]) -> dict[str, Any]:
        number = str(uuid4())
        self._socket.send(json.dumps({"type": "req", "id": number, "method": method, "params": params}))
        while True:
            frame = json.loads(self._socket.recv(timeout=seconds))
            if frame.get("type") != "res" or frame.get("id") != number:
                continue
            if not frame.get("ok"):
                raise GatewayError(f"{method}: {_reason(frame.get('error'))}")
            payload: dict[str, Any] = frame.get("payload") or {}
            if payload.get("status") != "accepted":
                return payload

    def say(self, agent: str, key: str, message: str, channel: str) -> Said:
        """One turn of the agent. key: of the session."""
        ended = self._accepted(agent, key, message, channel)
        result = ended.get("result") or {}
        meta = result.get("meta") or {}
        payloads = result.get("payloads") or []
        failed = [one.get("text", "") for one in payloads if one.get("isError")]
        if ended.get("status") != "ok" or failed or meta.get("error"):
            why = failed or [_reason(meta.get("error") or ended.get("error") or ended.get("summary"))]
            raise GatewayError(f"the agent's turn failed: {why[0]}")
        usage = (meta.get("agentMeta") or {}).get("usage") or {}
        cached = usage.get("cacheRead", 0)
        read = usage.get("input", 0) + cached + usage.get("cacheWrite", 0)
        text = "\n".join(one["text"] for one in payloads if one.get("text"))
        files = (meta.get("systemPromptReport") or {}).get("injectedWorkspaceFiles") or []
        return Said(text, read, usage.get("output", 0), cached, _names(files))

    def _accepted(self, agent: str, key: str, message: str, channel: str) -> dict[str, Any]:
        """The end of a turn; asked again where the gateway is not ready for one yet, and began none."""
        for _ in range(_TRIES):
            try:
                return self.call(
                    "agent", seconds=TURN_SECONDS + _SECONDS, message=message, agentId=agent, sessionKey=key,
                    channel=channel, idempotencyKey=str(uuid4()), timeout=TURN_SECONDS,
                )  # fmt: skip
            except GatewayError as error:
                if _NOT_READY not in str(error):
                    raise
                why = error
                time.sleep(0.5)
        raise why

    def say_by(self, telegram: Telegram, agent: str, person: int, key: str, message: str) -> Said:
        """One turn of the agent, which somebody's message in Telegram begins: what its bot then writes."""
        if message.lstrip().startswith("/"):
            raise GatewayError(
                "a message that begins with '/' is a command to OpenClaw and no turn of the agent"
            )
        with self._turn:
            before, known = self._row(key).get("lastRunId"), len(telegram.told(agent, person))
            began = time.time()
            telegram.write(agent, person, message)
            row = self._ended(key, before)
            text = "\n".join(telegram.told_after(agent, person, known))
        if row.get("status") != "done":
            raise GatewayError(f"the agent's turn {row.get('status')}: {text or 'no reason given'}")
        return Said(
            text, row.get("inputTokens", 0), row.get("outputTokens", 0), 0, self._injected(agent, key, began)
        )

    def _ended(self, key: str, before: str | None) -> dict[str, Any]:
        """The session once another turn than `before` is over."""
        until = time.monotonic() + TURN_SECONDS
        while time.monotonic() < until:
            row = self._row(key)
            is_another = row.get("lastRunId") not in (None, before)
            if is_another and row.get("status") != "running" and not row.get("hasActiveRun"):
                return row
            time.sleep(_LOOKS)
        raise GatewayError("no turn of the agent came of the message, or it did not end")

    def _row(self, key: str) -> dict[str, Any]:
        return self.call("sessions.describe", key=key).get("session") or {}

    def _injected(self, agent: str, key: str, since: float) -> tuple[str, ...]:
        """The files that stood in a prompt of the session after `since` (seconds since 1970)."""
        for limit in islice(self._limits, _TRIES):  # the same question has the same answer for half a minute
            used = self.call("sessions.usage", key=key, agentId=agent, includeContextWeight=True, limit=limit)
            for weight in (one.get("contextWeight") or {} for one in used.get("sessions", [])):
                if weight.get("generatedAt", 0) >= since * 1000:
                    return _names(weight.get("injectedWorkspaceFiles", []))
            time.sleep(_LOOKS)
        raise GatewayError("OpenClaw does not tell what the agent has read")

    def begin_session(self, key: str) -> None:
        """As the person's /new: what was said in it before is no longer read."""
        self.call("sessions.reset", key=key, reason="new")

    def history(self, key: str) -> list[dict[str, Any]]:
        """The messages of the present session, as OpenClaw shows them."""
        found: list[dict[str, Any]] = self.call("chat.history", sessionKey=key).get("messages", [])
        return found

    def close(self) -> None:
        """Hang up; harmless when done twice."""
        with suppress(Exception):
            self._socket.close()


def _names(files: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one.get("name")) for one in files if not one.get("missing"))


def _reason(error: Any) -> str:
    return str(error.get("message", error)) if isinstance(error, dict) else str(error or "no reason given")


def _library() -> Any:
    try:
        from websockets.sync.client import connect
    except ImportError as error:
        raise InputError(
            "A live OpenClaw agent needs websockets: pip install 'forwhom[openclaw]'."
        ) from error
    return connect
