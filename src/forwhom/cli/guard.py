"""`forwhom guard`: the mitigations of a policy in front of a live model."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from forwhom.errors import InputError

_NEEDED = ("starlette", "uvicorn", "httpx", "prometheus_client", "opentelemetry")


def guard(
    upstream: Annotated[
        str,
        typer.Option(
            "--upstream", metavar="URL",
            help="The model: an OpenAI-compatible address with its version, as http://127.0.0.1:8000/v1. Its "
            "key is read from FORWHOM_UPSTREAM_KEY; without it the client's own is passed on.",
        ),
    ],
    policy: Annotated[Path, typer.Option("--policy", help="What is to be kept to (docs/guard.md).")],
    host: Annotated[str, typer.Option("--host", help="Beyond loopback only with keys.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port")] = 8484,
    mode: Annotated[
        Literal["observe", "enforce"] | None,
        typer.Option("--mode", help="observe changes nothing and reports; enforce acts (the default)."),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            "--state", metavar="URL",
            help="sqlite:///PATH (./forwhom-guard.sqlite by default) or postgresql://...",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Stand between clients and a live model, and keep to a policy: an OpenAI-compatible proxy.

    Flags go before the section `guard` of the policy.
    """
    if lacking := [name for name in _NEEDED if find_spec(name) is None]:
        raise InputError(
            f"forwhom guard needs {', '.join(lacking)}; install it with: pip install 'forwhom[guard]'"
        )
    from forwhom.guard.policy import in_force
    from forwhom.guard.server import deploy, listening, overridden, serve

    force = overridden(in_force(policy), mode=mode, state=state)
    deployment = deploy(force, upstream, os.environ)
    taken = listening(host, port, has_keys=deployment.identity.has_keys)
    at = f"[{host}]" if ":" in host else host
    typer.echo(
        f"forwhom guard: http://{at}:{taken.getsockname()[1]}/v1 in front of {upstream}, "
        f"{deployment.settings.mode} (policy {deployment.policy_hash}). Ctrl-C ends it.", err=True,
    )  # fmt: skip
    serve(deployment, taken)
