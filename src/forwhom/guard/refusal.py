"""An answer of the proxy's own, in the form in which OpenAI's interface tells errors."""

from __future__ import annotations

import json
from typing import Any

from forwhom.guard.state import Outcome

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Refused(Exception):  # noqa: N818 - an answer
    """status: of HTTP. code: what a program reads; said: what a person reads, without any content."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(said)
        self.status, self.code, self.said = status, code, said

    @property
    def outcome(self) -> Outcome:
        if self.code.startswith("upstream"):
            return "upstream"
        return "refused" if self.status < 500 else "failed"

    @property
    def body(self) -> dict[str, Any]:
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": f"forwhom guard: {self.said}", "type": kind, "param": None,
                          "code": self.code}}  # fmt: skip

    @property
    def content(self) -> bytes:
        return json.dumps(self.body).encode()


def failed(step: str) -> Refused:
    """A mitigation, or what is recorded of it, failed, and the policy fails closed."""
    return Refused(503, "guard_failed", f"the policy could not be kept ({step}), so nothing is passed on.")
