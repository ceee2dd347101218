"""Records of requests on their way to the audit log and the state: many in one commit, by one thread.

The last bytes of an answer are given out once its record is durable, so that what a client has got in full is
never lost; the commit takes whatever waits, so that many answers share the cost of one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from forwhom.errors import InputError
from forwhom.guard.drift import Watch
from forwhom.guard.state import Record, Store

_AT_ONCE = 256
_KNOWN = 10_000  # users whose monitor is held in memory
Waiting = tuple[Record, dict[str, str], "asyncio.Future[Watch]"]


class AuditFile:
    """One JSON object a line, for its owner only; written once the state has it."""

    def __init__(self, path: Path) -> None:
        try:
            made = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        except OSError as error:
            raise InputError(f"guard.audit.path: {path} cannot be written: {error.strerror}.") from None
        self._file: IO[str] = os.fdopen(made, "a", encoding="utf-8")

    def write(self, told: Sequence[tuple[Record, dict[str, str]]]) -> None:
        """content: of the record, where the policy wants it."""
        for record, content in told:
            line: dict[str, Any] = asdict(record) | ({"content": content} if content else {})
            self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Recorder:
    def __init__(self, store: Store, audit: AuditFile | None) -> None:
        self._store, self._audit = store, audit
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="forwhom-state")
        self._watches: OrderedDict[str, Watch] = OrderedDict()
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """Once everything that waits is written."""
        await self._queue.join()
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        self._thread.shutdown()
        self._store.close()
        if self._audit is not None:
            self._audit.close()

    def record(self, record: Record, content: dict[str, str]) -> asyncio.Future[Watch]:
        """Done when it is durable; it is written whether or not anybody waits."""
        done: asyncio.Future[Watch] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((record, content, done))
        return done

    async def watch(self, user: str) -> Watch:
        """As of the last turn that was recorded here; of a user not seen for long as the state has it."""
        if user not in self._watches:
            found = await self._in_thread(self._store.watch, user)
            self._watches.setdefault(user, found)
        self._keep(user, self._watches[user])
        return self._watches[user]

    async def ping(self) -> bool:
        try:
            await asyncio.wait_for(self._in_thread(self._store.ping), 5)
        except Exception:
            return False
        return True

    def hashed(self, text: str) -> str:
        """The same for the same text, and of no use to who lacks the key in the state."""
        return blake2b(text.encode(), key=self._store.key, digest_size=8).hexdigest() if text else ""

    def _keep(self, user: str, watch: Watch) -> None:
        self._watches[user] = watch
        self._watches.move_to_end(user)
        if len(self._watches) > _KNOWN:
            self._watches.popitem(last=False)

    async def _write_on(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < _AT_ONCE and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            await self._written(waiting)
            for _ in waiting:
                self._queue.task_done()

    async def _written(self, waiting: list[Waiting]) -> None:
        told = [(record, content) for record, content, _ in waiting]
        try:
            stand = await self._in_thread(self._write, told)
        except Exception as error:
            if len(waiting) > 1:  # one of them may be what the state does not take
                for one in waiting:
                    await self._written([one])
                return
            if not (done := waiting[0][2]).done():
                done.set_exception(error)
                done.exception()  # nobody may be waiting any more
            return
        for record, _, done in waiting:
            self._keep(record.user, stand[record.id])
            if not done.done():
                done.set_result(stand[record.id])

    def _write(self, told: Sequence[tuple[Record, dict[str, str]]]) -> dict[str, Watch]:
        records = [record for record, _ in told]
        try:
            stand = self._store.write(records)
        except Exception:  # such as a connection that was lost: what it committed is not written again
            stand = self._store.write(records)
        if self._audit is not None:
            self._audit.write(
                [(replace(one, alarmed=stand[one.id].alarmed), content) for one, content in told]
            )
        return stand

    def _in_thread(self, ask: Any, *given: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._thread, ask, *given)
