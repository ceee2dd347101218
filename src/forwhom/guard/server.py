"""`forwhom guard` put together from a policy and a command line, and served."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import uvicorn

from forwhom.errors import InputError
from forwhom.guard.app import build_app
from forwhom.guard.deployment import Deployment, hash_of
from forwhom.guard.drift import Monitor
from forwhom.guard.identity import Identity
from forwhom.guard.policy import InForce
from forwhom.guard.recorder import AuditFile, Recorder
from forwhom.guard.state import open_store
from forwhom.guard.telemetry import Metrics
from forwhom.guard.upstream import KEY_VARIABLE, Upstream
from forwhom.systems.layer import Exchange
from forwhom.users.user import NEUTRAL

_GRACE = 30  # seconds for answers that are under way when it is told to end


def overridden(force: InForce, **flags: Any) -> InForce:
    """With those settings of the section `guard` that a flag names; None is no flag."""
    told = {name: value for name, value in flags.items() if value is not None}
    guard = force.policy.guard.model_copy(update=told)
    return replace(force, policy=force.policy.model_copy(update={"guard": guard}))


def deploy(force: InForce, upstream: str, environment: Mapping[str, str]) -> Deployment:
    """Raises InputError for settings that cannot work."""
    settings = force.policy.guard
    identity = Identity(force, environment)
    behind = Upstream(
        upstream, environment.get(KEY_VARIABLE, ""), own_keys=identity.has_keys,
        hides=(settings.identity.header,), timeout=settings.timeout,
    )  # fmt: skip
    audit = AuditFile(settings.audit.path) if settings.audit.path else None
    store = open_store(settings.state, Monitor(settings.drift))
    asyncio.run(_warm(force))
    return Deployment(force, identity, behind, Recorder(store, audit), Metrics(), hash_of(force.policy))


async def _warm(force: InForce) -> None:
    """An answer to nobody, so that what the mitigations prepare is there before anybody waits."""
    exchange = Exchange(NEUTRAL, tuple(force.users.values()), guards=force.guards)
    for guard in force.speaking:
        with suppress(Exception):  # one that fails does so when it matters, as the policy says
            guard.settled("Hello. ", exchange)
            await guard.output("Hello. ", exchange)


def listening(host: str, port: int, *, has_keys: bool) -> socket.socket:
    """Raises InputError for an address that is taken, or beyond loopback where anybody could ask."""
    if not has_keys and not _is_loopback(host):
        raise InputError(
            f"--host {host}: whoever reaches it could ask in any user's name. Set keys (guard.identity.keys "
            "in the policy), or listen on 127.0.0.1."
        )
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(kind, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        raise InputError(f"--port {port}: cannot listen on {host}: {error}. Name another.") from None
    return taken


def serve(deployment: Deployment, taken: socket.socket) -> None:
    """Until it is told to end; answers under way are finished first."""
    config = uvicorn.Config(
        build_app(deployment), log_level="critical", access_log=False, server_header=False,
        proxy_headers=False,
        date_header=False, lifespan="on", timeout_graceful_shutdown=_GRACE,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[taken])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
