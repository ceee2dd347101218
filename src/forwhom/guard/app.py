"""The proxy's routes: chat under the policy; models and embeddings passed through; health and metrics."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from forwhom.guard.answers import pass_on
from forwhom.guard.asgi import Client, Gone, body_of, headers_of, while_there
from forwhom.guard.chat import Chat
from forwhom.guard.deployment import Deployment
from forwhom.guard.refusal import Refused


def build_app(deployment: Deployment) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        deployment.recorder.start()
        yield
        await deployment.upstream.close()
        await deployment.recorder.stop()

    async def healthz(request: Request) -> Response:
        is_reachable = await deployment.recorder.ping()
        told = {
            "status": "ok" if is_reachable else "degraded", "mode": deployment.settings.mode,
            "policy": deployment.policy_hash, "state": "reachable" if is_reachable else "unreachable",
        }  # fmt: skip
        status = 200 if is_reachable else 503
        return Response(json.dumps(told), status, media_type="application/json")

    async def metrics(request: Request) -> Response:
        told = generate_latest(deployment.metrics.registry)
        return Response(told, headers={"content-type": CONTENT_TYPE_LATEST})

    through = Through(deployment)
    routes = [
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        Route("/v1/chat/completions", Chat(deployment), methods=["POST"]),
        Route("/v1/models", through, methods=["GET"]),
        Route("/v1/models/{name:path}", through, methods=["GET"]),
        Route("/v1/embeddings", through, methods=["POST"]),
        Route("/{path:path}", Elsewhere()),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


class Through:
    """Passes on what asks no model to speak, both ways as it is."""

    def __init__(self, deployment: Deployment) -> None:
        self._of = deployment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, headers = Client(send), headers_of(scope)
        try:
            self._of.identity.allows(headers)
            raw = await body_of(receive, headers, self._of.settings)
            await while_there(receive, self._served(scope, raw, client))
        except Gone:
            return
        except Refused as refused:
            await client.refuse(refused)

    async def _served(self, scope: Scope, raw: bytes, client: Client) -> None:
        path = scope["path"].removeprefix("/v1")
        response = await self._of.upstream.send(
            scope["method"], path, scope["query_string"], scope["headers"], raw, plain=False
        )
        try:
            await pass_on(client, response)
        finally:
            await self._of.upstream.release(response)


class Elsewhere:
    """Every other way to the model would go past the policy."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = "there are /v1/chat/completions, /v1/models and /v1/embeddings; others go past the policy."
        await Client(send).refuse(Refused(404, "unknown_url", said))
