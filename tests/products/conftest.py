"""Nothing here reaches beyond this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.loopback import only_loopback


@pytest.fixture(autouse=True)
def stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    only_loopback(monkeypatch)

    def resolves(host: str, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"asked for the address of {host}")

    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *a, **k: resolve(host, *a, **k) if host == "127.0.0.1" else resolves(host),
    )  # fmt: skip
