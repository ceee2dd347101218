"""The model behind the proxy: what is sent to it, and what of its answers is passed on as it is."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from forwhom.errors import InputError
from forwhom.guard.identity import KEY_HEADER
from forwhom.guard.refusal import Refused

KEY_VARIABLE = "FORWHOM_UPSTREAM_KEY"
_CONNECT, _IDLE = 10.0, 15.0  # seconds
_CONNECTION = "forwhom.connection"
Headers = list[tuple[bytes, bytes]]
_HOP_BY_HOP = {
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
}  # fmt: skip
_OURS = {b"host", b"content-length", b"expect", KEY_HEADER.encode()}


class Upstream:
    """base: with its version, as http://127.0.0.1:8000/v1. key: sent in place of the client's, "" for none.
    own_keys: whether what a client sends as a bearer token may be a key of ours, which is not passed on.
    timeout: seconds up to the first byte, and between two parts."""

    def __init__(self, base: str, key: str, *, own_keys: bool, hides: Iterable[str], timeout: float) -> None:
        try:
            url = httpx.URL(base.rstrip("/"))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise InputError(
                "--upstream: expected the address of a model with its version, as http://127.0.0.1:8000/v1."
            )
        if url.userinfo:
            raise InputError(f"--upstream: an address holds no password; set {KEY_VARIABLE} to the key.")
        self._base, self._key, self._own_keys = str(url), key, own_keys
        self._hidden = {name.lower().encode() for name in hides if name}
        patience = httpx.Timeout(timeout, connect=min(timeout, _CONNECT), pool=None)
        self._patience = {"timeout": patience.as_dict()}
        self._verify = httpx.create_ssl_context() if url.scheme == "https" else False
        self._free: list[httpx.AsyncHTTPTransport] = []

    async def send(
        self, method: str, path: str, query: bytes, headers: Headers, content: bytes, *, plain: bool
    ) -> httpx.Response:
        """An answer whose body is still to be read, and which is to be released. plain: without compression.

        Raises Refused where there is no answer."""
        url = f"{self._base}{path}" + (f"?{query.decode('latin-1')}" if query else "")
        request = httpx.Request(
            method, url, headers=self._sent(headers, plain=plain), content=content or None,
            extensions=self._patience,
        )  # fmt: skip
        connection = self._free.pop() if self._free else self._connection()
        try:
            response = await connection.handle_async_request(request)
        except BaseException as error:
            self._free.append(connection)
            if isinstance(error, httpx.TimeoutException):
                raise Refused(504, "upstream_timeout", "the upstream did not answer in time.") from None
            if isinstance(error, httpx.TransportError):
                said = f"the upstream cannot be reached ({type(error).__name__})."
                raise Refused(502, "upstream_unreachable", said) from None
            raise
        response.request = request
        response.extensions[_CONNECTION] = connection
        return response

    async def release(self, response: httpx.Response) -> None:
        """No more of this answer is wanted; one that was not read to its end ends its connection."""
        try:
            await response.aclose()
        finally:
            connection = response.extensions.pop(_CONNECTION, None)
            if connection is not None:
                self._free.append(connection)

    def _connection(self) -> httpx.AsyncHTTPTransport:
        """For one request at a time. No pool: httpx looks through all connections of one for every request,
        which took most of the time at fifty streams. No client: it would keep cookies of one user for the
        next, and heed proxies and passwords of the environment."""
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE)
        return httpx.AsyncHTTPTransport(verify=self._verify, limits=limits, trust_env=False)

    def _sent(self, headers: Headers, *, plain: bool) -> Headers:
        drop = _HOP_BY_HOP | _OURS | self._hidden | _named_by_connection(headers)
        if plain:
            drop |= {b"accept-encoding"}
        if self._key or (self._own_keys and KEY_HEADER.encode() not in dict(headers)):
            drop |= {b"authorization"}
        sent = [(name, value) for name, value in headers if name.lower() not in drop]
        if plain or b"accept-encoding" not in dict(sent):
            sent.append((b"accept-encoding", b"identity"))
        if self._key:
            sent.append((b"authorization", f"Bearer {self._key}".encode()))
        return sent

    async def close(self) -> None:
        for connection in self._free:
            await connection.aclose()


def passed_on(response: httpx.Response, *, as_it_is: bool) -> Headers:
    """The headers for the client. as_it_is: whether the body is; else its length and form are not told."""
    raw = response.headers.raw
    drop = _HOP_BY_HOP | _named_by_connection(raw)
    if not as_it_is:
        drop |= {b"content-length", b"content-encoding", b"content-md5", b"digest", b"etag"}
    return [(name.lower(), value) for name, value in raw if name.lower() not in drop]


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    told = [value for name, value in headers if name.lower() == b"connection"]
    return {one.strip().lower() for value in told for one in value.split(b",")}
