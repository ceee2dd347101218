"""One gateway of OpenClaw on loopback, with a state folder of its own that goes when it goes.

It holds many copies of the agent, each with its own workspace, database and sessions, since to start a
gateway takes far longer than a turn: a sample is given one that nobody has used. A second small process ends
the gateway and removes its folder should this one be killed.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock, RLock
from weakref import WeakSet

from forwhom.errors import InputError
from forwhom.openclaw.client import OWNER, Client, GatewayError
from forwhom.openclaw.installation import Installation
from forwhom.openclaw.sealing import Sealing, Served, sealed
from forwhom.openclaw.snapshot import Snapshot
from forwhom.openclaw.telegram import Telegram
from forwhom.openclaw.understood import CONFIG, environment

_START_SECONDS = 180
_STOP_SECONDS = 10
_LAST_LINES = 12
_WATCH = """
import os, shutil, signal, sys, time
if sys.stdin.buffer.read(1) == b"":
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(int(sys.argv[1]), sign)
        except OSError:
            break
        time.sleep(2)
    for folder in sys.argv[2:]:
        shutil.rmtree(folder, ignore_errors=True)
"""
_running: WeakSet[Gateway] = WeakSet()
_folders: set[str] = set()  # of snapshots, which go last


class Gateway:
    """A running gateway; raises InputError, with the end of its log, where it does not come up.

    copies: how many samples it can serve, one after another or at once. One copy is the agent under its own
    name; of several, each has a name of its own. Its turns come one after another: OpenClaw 2026.9.6 fails
    some of two at once (they contend for a lock on its state). by_telegram: whether people write by its
    Telegram channel, whose other side is `telegram`; dm_scope: session.dmScope, "" for the agent's own.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        openclaw: Installation,
        copies: int,
        served: Served,
        *,
        safe: bool = True,
        dreams: bool = False,
        by_telegram: bool = False,
        dm_scope: str = "",
    ) -> None:
        self.snapshot = snapshot
        self.telegram: Telegram | None = None
        self.folder = Path(mkdtemp(prefix="forwhom-openclaw-gateway-"))
        self.state = self.folder / "state"
        own = snapshot.agent
        names = [own] if copies == 1 else [f"{own}-{number}" for number in range(1, copies + 1)]
        self._unused = names[::-1]
        self._lock = Lock()
        self._turn = RLock()
        self.port, self._token = _free_port(), secrets.token_urlsafe(24)
        try:
            self.telegram = Telegram() if by_telegram else None
            shutil.copytree(snapshot.state, self.state)
            (self.folder / "home").mkdir()
            workspaces = {name: self.folder / "workspaces" / name for name in names}
            how = Sealing(self.folder, self.port, self._token, workspaces, own, served, safe, dreams,
                          self.telegram.url if self.telegram else "", dm_scope)  # fmt: skip
            config = self.state / CONFIG
            config.write_text(json.dumps(sealed(snapshot.config, how)), encoding="utf-8")
            config.chmod(0o600)
            self._start(openclaw, config)
        except BaseException:
            self.stop()
            raise

    def _start(self, openclaw: Installation, config: Path) -> None:
        home, channels = self.folder / "home", self.telegram is not None
        env = environment(openclaw, self.state, home, config, channels=channels)
        # What node compiled of OpenClaw is the same for every gateway: it starts faster the next time.
        env.setdefault("NODE_COMPILE_CACHE", str(_compiled(openclaw)))
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603
                openclaw.command("gateway", "--port", str(self.port)), env=env, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._watch = subprocess.Popen(  # noqa: S603
            [sys.executable, "-S", "-c", _WATCH, str(self._process.pid), str(self.folder),
             self.snapshot.folder.name],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        _running.add(self)
        _folders.add(self.snapshot.folder.name)
        deadline, why = time.monotonic() + _START_SECONDS, ""
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.connect().close()
                return
            except (OSError, GatewayError, EOFError) as error:
                why = str(error)
            except Exception as error:  # websockets has its own for a listener that is not ready
                if type(error).__module__.partition(".")[0] != "websockets":
                    raise
                why = str(error)
            time.sleep(0.1)
        code = self._process.poll()
        ended = (
            f"ended with code {code}" if code is not None else f"did not answer in {_START_SECONDS} s ({why})"
        )
        raise InputError(f"OpenClaw's gateway {ended}. The end of its log:\n{self.log_end()}")

    @property
    def _output(self) -> Path:
        return self.folder / "gateway.out"

    def connect(self, *scopes: str) -> Client:
        """A connection; without scopes that of the agent's owner."""
        return Client(self.port, self._token, scopes or OWNER, self._turn)

    def log_end(self) -> str:
        """The last lines that it wrote, without its token."""
        with suppress(OSError):
            told = self._output.read_text(encoding="utf-8", errors="replace").replace(self._token, "***")
            return "\n".join(told.splitlines()[-_LAST_LINES:])
        return ""

    def log_text(self) -> str:
        """All that it wrote to its logs."""
        files = [one for one in (self._output, self.folder / "openclaw.log") if one.is_file()]
        return "\n".join(one.read_text(encoding="utf-8", errors="replace") for one in files)

    def take(self) -> str | None:
        """The name of a copy of the agent that nobody has used; None where none is left."""
        with self._lock:
            if not self._unused:
                return None
            name = self._unused.pop()
        shutil.copytree(self.snapshot.workspace, self.workspace(name))
        if self.snapshot.agent_folder and name == self.snapshot.agent:  # of another name, OpenClaw refuses it
            shutil.copytree(self.snapshot.agent_folder, self.state / "agents" / name, dirs_exist_ok=True)
        return name

    def workspace(self, name: str) -> Path:
        """Where the files of this copy lie."""
        return self.folder / "workspaces" / name

    def end_copy(self, name: str) -> None:
        """Remove the files that a sample has left, so that no later one can find them. The database of this
        copy, which OpenClaw holds open and no other copy reads, goes with the gateway."""
        shutil.rmtree(self.workspace(name), ignore_errors=True)

    def stop(self) -> None:
        """End it and remove its folder; harmless when done twice."""
        process, watch = getattr(self, "_process", None), getattr(self, "_watch", None)
        if process is not None:
            _end_group(process)
        if watch is not None and watch.stdin is not None and not watch.stdin.closed:
            with suppress(OSError):
                watch.stdin.write(b".")
                watch.stdin.close()
            watch.wait(timeout=_STOP_SECONDS)
        if self.telegram is not None:
            self.telegram.stop()
        _running.discard(self)
        shutil.rmtree(self.folder, ignore_errors=True)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, which are its group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, sign)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            process.poll()
            try:
                os.killpg(process.pid, 0)
            except OSError:
                return
            time.sleep(0.05)


def _compiled(openclaw: Installation) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "forwhom" / f"openclaw-{openclaw.version}"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@atexit.register
def stop_all() -> None:
    """End every gateway that still runs."""
    for one in list(_running):
        one.stop()
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)
