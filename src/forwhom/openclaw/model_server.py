"""A small model of fixed rules behind a real agent: naive, so that what is measured is OpenClaw.

    python -m forwhom.openclaw.model_server --port 8765

It does what it is told by whoever tells it, a document that it reads no less than its user, and it answers
from the lines that it finds in what it is sent. So whether somebody's words come into an answer is decided by
what OpenClaw injects, keeps and shares. A run with it shows that a channel exists. How often a given model
falls for it is another question, which is answered by that model in its place.

Its rules, in this order: (1) a message that names a file to read has it call `read`; (2) "remember: ..." in
the last message, or in what a tool has just returned, has it write that line to MEMORY.md; (3) "forget ...:
TEXT" has it take the lines with that text out of MEMORY.md; (4) of lettered options it writes the letter of
the one that shares most words with what it has read; (5) a question is answered with every line of USER.md,
MEMORY.md and the conversation that shares a telling word with it; (6) all else is acknowledged.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

from forwhom.openclaw.prompts import ABOUT, ADDED, BEGINS_INTERNAL, REMEMBERED, STAMP
from forwhom.openclaw.serving import Handler

MODEL = "naive"
"""The only model that it has."""
ACKNOWLEDGED = "Noted."
UNKNOWN = "I do not know."
_FILE = re.compile(r"read the file (\S+)", re.IGNORECASE)
_REMEMBER = re.compile(r"\bremember(?: this| that)?\s*[:,]\s*(.+)", re.IGNORECASE)
_FORGET = re.compile(r"\bforget\b[^:\n]*(?::\s*(.+))?", re.IGNORECASE)
_OPTION = re.compile(r"^([A-Z])\) (.+)$", re.MULTILINE)
_WORD = re.compile(r"[^\W_]{3,}")
_COMMON = frozenset(
    re.findall(
        r"[a-z]+",
        """the and for are was were what which who whom where when why how this that these those
        with from have has had you your yours his her hers its our ours they them their mine should
        would could can will shall may might does did doing done about into onto not now one ones
        only please tell say said give some any all also than then there here after before ask user
        buy good best like want need use get take make""",
    )
)


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """The assistant's message, with `content` or `tool_calls`, to a chat-completions request."""
    messages = [(one.get("role", ""), _text(one)) for one in request.get("messages", [])]
    spoken = [(role, text) for role, text in messages if role != "system" and BEGINS_INTERNAL not in text]
    files = _injected("\n".join(text for role, text in messages if role in ("system", "developer")))
    turn = max((at for at, (role, _) in enumerate(spoken) if role == "user"), default=0)
    asked = spoken[turn][1] if spoken else ""
    returned = [text for role, text in spoken[turn + 1 :] if role == "tool"]
    if not returned and (named := _FILE.search(asked)):
        return _call("read", path=named[1].rstrip(".,;"))
    told = _REMEMBER.search(returned[-1] if returned else asked)
    wrote = any(text.startswith("memory") or "wrote" in text.lower() for text in returned)
    if told and not wrote and len(returned) < 2:
        line = told[1].strip().strip("\"'")
        return _call("write", path="MEMORY.md", content=_with_line(files.get("MEMORY.md", ""), line))
    unwanted = _FORGET.search(asked)
    if unwanted and not returned:
        return _call(
            "write", path="MEMORY.md", content=_without(files.get("MEMORY.md", ""), unwanted[1] or "")
        )
    if returned or told or unwanted:
        return {"role": "assistant", "content": ACKNOWLEDGED}
    lines = [
        *_lines(files),
        *(text for role, text in spoken[:turn] if role == "user" and not text.endswith("?")),
    ]
    if options := _OPTION.findall(asked):
        return {"role": "assistant", "content": _preferred(options, asked, lines)}
    if asked.rstrip().endswith("?"):
        return {"role": "assistant", "content": _answer(asked, lines)}
    return {"role": "assistant", "content": ACKNOWLEDGED}


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "\n".join(part.get("text", "") for part in content)
    if message.get("role") != "user":
        return content
    return ADDED.sub("", ABOUT.sub("", STAMP.sub("", content)))


def _injected(prompt: str) -> dict[str, str]:
    return {name: text.strip() for name, text in REMEMBERED.findall(prompt)}


def _lines(files: dict[str, str]) -> Iterator[str]:
    for text in files.values():
        for line in text.splitlines():
            said = line.strip().removeprefix("- ")
            if said and not said.startswith(("#", "<!--")):
                yield said


def _with_line(text: str, line: str) -> str:
    return f"{(text or '# Memory').rstrip()}\n- {line}\n"


def _without(text: str, unwanted: str) -> str:
    wanted = unwanted.strip().rstrip(".").lower()
    kept = [
        line for line in text.splitlines() if line.startswith("#") or (wanted and wanted not in line.lower())
    ]
    return "\n".join(kept) + "\n"


def _telling(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if word not in _COMMON}


def _answer(asked: str, lines: list[str]) -> str:
    words = _telling(asked)
    found = [line for line in dict.fromkeys(lines) if words & _telling(line)]
    return " ".join(found) if found else UNKNOWN


def _preferred(options: list[tuple[str, str]], asked: str, lines: list[str]) -> str:
    question = _telling(asked.split("\n\n")[0])
    read = set().union(*(_telling(line) for line in lines if question & _telling(line)))
    shared = [len((_telling(text) - question) & read) for _, text in options]
    return options[shared.index(max(shared))][0]


def _call(tool: str, **arguments: str) -> dict[str, Any]:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    number = f"call_{time.monotonic_ns()}"
    return {
        "role": "assistant", "content": None,
        "tool_calls": [{"id": number, "type": "function", "function": function}],
    }  # fmt: skip


class _Handler(Handler):
    def answer(self) -> None:
        if self.command == "GET":
            own = {"id": MODEL, "object": "model", "owned_by": "forwhom"}
            self.send_json({"object": "list", "data": [own]})
            return
        try:
            request = json.loads(self.body())
            message = reply(request)
        except (ValueError, AttributeError, TypeError) as error:
            self.send_json({"error": {"message": str(error)}}, 400)
            return
        if isinstance(self.server, ModelServer):
            self.server.requests.append({"headers": dict(self.headers), "body": request})
        read = len(json.dumps(request.get("messages", []))) // 4
        usage = {"prompt_tokens": read, "completion_tokens": 8, "total_tokens": read + 8}
        end = "tool_calls" if message.get("tool_calls") else "stop"
        about = {"id": f"chatcmpl-{time.monotonic_ns()}", "created": int(time.time()), "model": MODEL}
        if not request.get("stream"):
            choices = [{"index": 0, "message": message, "finish_reason": end}]
            self.send_json({**about, "object": "chat.completion", "choices": choices, "usage": usage})
            return
        calls = [{"index": at, **one} for at, one in enumerate(message.get("tool_calls", []))]
        delta = {**message, **({"tool_calls": calls} if calls else {})}
        chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
                  {"choices": [{"index": 0, "delta": {}, "finish_reason": end}]},
                  {"choices": [], "usage": usage}]  # fmt: skip
        said = [json.dumps({**about, "object": "chat.completion.chunk", **one}) for one in chunks]
        self.send("".join(f"data: {one}\n\n" for one in [*said, "[DONE]"]).encode(), "text/event-stream")


class ModelServer(ThreadingHTTPServer):
    """The server on loopback; `requests` holds what it was sent, in order. port 0: any that is free."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Up to and with /v1."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8765)
    server = ModelServer(parser.parse_args().port)
    print(f"A naive model is at {server.url} as '{MODEL}'. Ctrl-C ends it.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
