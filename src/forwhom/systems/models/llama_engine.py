"""Generate text with llama.cpp in this process: a server a core, one queue in front of them.

A server of one thread writes almost as fast as one of two (it waits for memory, not for arithmetic), so
the servers together write about as many times faster as there are cores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock

from forwhom.systems.models.cores import usable_cores
from forwhom.systems.models.llama_server import Generated, LlamaServer, Prompt

_MOST_SERVERS = 8  # each holds some 200 MB


class LlamaEngine:
    """Servers are loaded as they are needed. It outlives the event loop that asks it."""

    def __init__(self, gguf: Path, servers: int | None = None) -> None:
        self._gguf = gguf
        self._lock = Lock()
        self._free: list[LlamaServer] = []
        self._in_work: list[str] = []  # the prefix that each busy server is computing or holds
        self._waiting: list[tuple[Prompt, Future[Generated]]] = []
        self._workers = ThreadPoolExecutor(max_workers=servers or min(usable_cores(), _MOST_SERVERS))

    async def generate(self, prompt: Prompt) -> Generated:
        """Continue `prompt`; the text does not depend on what else is asked, nor when."""
        future: Future[Generated] = Future()
        with self._lock:
            self._waiting.append((prompt, future))
        self._workers.submit(self._serve_one)
        return await asyncio.wrap_future(future)  # cancelled, it also cancels what still waits

    def _serve_one(self) -> None:
        """Serve the best of what waits; called once for every request, by at most one thread a server."""
        with self._lock:
            server, prompt, future = self._matched()
            self._in_work.append(prompt.prefix)
        tell: Callable[[], None] | None = None
        try:
            if future.set_running_or_notify_cancel():
                server = server or LlamaServer(self._gguf)
                tell = partial(future.set_result, server.generate(prompt))
        except BaseException as error:
            tell = partial(future.set_exception, error)
        with self._lock:
            self._in_work.remove(prompt.prefix)
            if server is not None:
                self._free.append(server)
        if tell:
            tell()  # only now, so that whoever asks on finds this server free

    def _matched(self) -> tuple[LlamaServer | None, Prompt, Future[Generated]]:
        """A free server, None where one must be loaded, and the request that suits it best.

        First a request whose prefix the server holds, then the oldest whose prefix no other server is at
        work on, then the oldest.
        """
        held = {server.prefix: server for server in self._free}
        prefixes = [prompt.prefix for prompt, _ in self._waiting]
        fresh = (at for at, prefix in enumerate(prefixes) if prefix not in self._in_work)
        best = next((at for at, prefix in enumerate(prefixes) if prefix in held), None)
        prompt, future = self._waiting.pop(next(fresh, 0) if best is None else best)
        server = held.get(prompt.prefix) or (self._free[0] if self._free else None)
        if server is not None:
            self._free.remove(server)
        return server, prompt, future
