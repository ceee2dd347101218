"""Telegram's Bot API on loopback: people write to an agent as they do in Telegram.

So OpenClaw's own channel decides who may write and who is the owner, puts each message in a session, and
tells the model who wrote it. Of the API (core.telegram.org/bots/api) there is what a bot needs to talk in
direct messages: getMe, getUpdates and sendMessage. All else is taken note of by nobody, and answered "true".
"""

from __future__ import annotations

import html
import itertools
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any
from urllib.parse import parse_qsl
from zlib import crc32

from forwhom.openclaw.serving import Handler

CHANNEL = "telegram"
OWNER_NUMBER = 1
"""The number, at Telegram, of the person whom every agent here belongs to."""
_PATH = re.compile(r"/bot([^/]+)/(\w+)")
_TAG = re.compile(r"<[^>]*>")
_LONGEST_POLL = 30  # seconds
_SILENT = 2.0  # seconds without a message: the agent chose to say nothing
_QUIET = 0.3  # seconds after a message: no further part of it comes


def channel(api: str, agents: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a gateway whose agents have a bot each at `api`; anybody may write to any of them."""
    accounts = {name: {"botToken": _token(name), "enabled": True} for name in agents}
    telegram = {
        "enabled": True, "apiRoot": api, "dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts,
        "defaultAccount": next(iter(agents)), "streaming": {"mode": "off"},
        "commands": {"native": False, "nativeSkills": False},
    }  # fmt: skip
    return {
        "channels": {CHANNEL: telegram},
        "bindings": [{"agentId": one, "match": {"channel": CHANNEL, "accountId": one}} for one in agents],
        "commands": {"ownerAllowFrom": [f"{CHANNEL}:{OWNER_NUMBER}"]},
    }


class Telegram(ThreadingHTTPServer):
    """The API, for as many bots as ask; served by a thread until `stop`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._changed = Condition()
        self._updates: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._told: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._last = 0
        self._is_over = False
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def write(self, agent: str, person: int, text: str) -> None:
        """A direct message of `person` to the bot of `agent`."""
        name = f"Person {person}"
        about = {"id": person, "first_name": name}
        with self._changed:
            self._last += 1
            message = {
                "message_id": self._last, "date": int(time.time()), "from": {**about, "is_bot": False},
                "chat": {**about, "type": "private"}, "text": text,
            }  # fmt: skip
            self._updates[_token(agent)].append({"update_id": self._last, "message": message})
            self._changed.notify_all()

    def told(self, agent: str, person: int) -> list[str]:
        """What the bot of `agent` has written to `person`, in order."""
        with self._changed:
            return list(self._told[_token(agent), person])

    def told_after(self, agent: str, person: int, count: int) -> list[str]:
        """The same without the first `count`, once nothing more comes."""
        messages, wait = self._told[_token(agent), person], _SILENT
        with self._changed:
            for known in itertools.count(count):
                if not self._changed.wait_for(partial(_longer, messages, known), wait):
                    break
                wait = _QUIET
        return self.told(agent, person)[count:]

    def answered(self, bot: str, method: str, given: Mapping[str, Any]) -> Any:
        """The result of a call of the API."""
        if method == "getMe":
            return {"id": int(bot.partition(":")[0]), "is_bot": True, "first_name": "Agent",
                    "username": "agent_bot"}  # fmt: skip
        if method == "getUpdates":
            return self._waited_for(bot, int(given.get("offset") or 0), int(given.get("timeout") or 0))
        if method == "sendMessage":
            return self._sent(bot, int(given["chat_id"]), _plain(given))
        return True

    def _waited_for(self, bot: str, offset: int, seconds: int) -> list[dict[str, Any]]:
        """The updates from `offset` on; those before it were received, as the caller so says."""
        with self._changed:
            self._updates[bot] = [one for one in self._updates[bot] if one["update_id"] >= offset]
            self._changed.wait_for(
                lambda: bool(self._updates[bot]) or self._is_over, min(seconds, _LONGEST_POLL)
            )
            return list(self._updates[bot])

    def _sent(self, bot: str, person: int, text: str) -> dict[str, Any]:
        with self._changed:
            self._last += 1
            self._told[bot, person].append(text)
            self._changed.notify_all()
            chat = {"id": person, "type": "private"}
            return {"message_id": self._last, "date": int(time.time()), "chat": chat, "text": text}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who has gone, as a gateway has that is ended while it waits."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End it; harmless when done twice."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self.shutdown()
        self.server_close()


class _Handler(Handler):
    server: Telegram

    def answer(self) -> None:
        content = self.body()
        path, _, query = self.path.partition("?")
        called = _PATH.fullmatch(path)
        try:
            given = {**dict(parse_qsl(query)), **(json.loads(content) if content else {})}
            if called is None:
                raise ValueError("no method of a bot")
            result = self.server.answered(called[1], called[2], given)
        except (ValueError, TypeError, KeyError) as error:
            self.send_json({"ok": False, "error_code": 400, "description": str(error)}, 400)
            return
        self.send_json({"ok": True, "result": result})


def _longer(messages: Sequence[str], known: int) -> bool:
    return len(messages) > known


def _token(agent: str) -> str:
    """Of the agent's bot: a number, and a secret that is none."""
    return f"{crc32(agent.encode())}:{agent}"


def _plain(given: Mapping[str, Any]) -> str:
    text = str(given.get("text", ""))
    return html.unescape(_TAG.sub("", text)) if given.get("parse_mode") == "HTML" else text
