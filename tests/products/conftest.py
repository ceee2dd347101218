"""Nothing here reaches beyond this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] == "127.0.0.1", f"reached for {address}"
        connect(self, address)

    def resolves(host: str, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"asked for the address of {host}")

    monkeypatch.setattr(socket.socket, "connect", guarded)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *a, **k: resolve(host, *a, **k) if host == "127.0.0.1" else resolves(host),
    )  # fmt: skip
