"""The section `guard` of a policy: how `forwhom guard` tells who asks, fails, limits, watches and notes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ANYBODY = "*"
"""In place of a user: who has this key may speak for every user, and names one in each request."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentitySettings(Settings):
    """header: that names the user; "" for none. field: whether the field `user` of the body does. keys: who
    may ask, by "env:NAME" (a variable that holds the key) or "sha256:HEX" (of the key): a user, or "*"."""

    header: str = Field(default="x-forwhom-user", pattern=r"^[A-Za-z0-9-]*$")
    field: bool = True
    keys: dict[str, str] = Field(default_factory=dict)

    @field_validator("keys")
    @classmethod
    def _kinds(cls, keys: dict[str, str]) -> dict[str, str]:
        for name in keys:
            kind, _, rest = name.partition(":")
            if kind not in ("env", "sha256") or not rest or (kind == "sha256" and len(rest) != 64):
                raise ValueError(
                    "expected 'env:NAME' of a variable, or 'sha256:' and 64 hexadecimal digits; found "
                    + (f"'{kind}:...'" if _ else "something else")
                )
        return keys


class DriftSettings(Settings):
    """baseline: the share of a user's turns with an intervention that is accepted. worse: the smallest rise
    above it that is worth seeing. false_alarms: at most so many per thousand turns, on average."""

    baseline: float = Field(default=0.05, gt=0, lt=1)
    worse: float = Field(default=0.1, ge=0.005, lt=1)
    false_alarms: float = Field(default=1.0, ge=0.01, le=500)

    @model_validator(mode="after")
    def _is_a_rate(self) -> Self:
        if self.baseline + self.worse >= 1:
            raise ValueError(f"no share can rise from {self.baseline:g} by {self.worse:g}; name less.")
        return self


class AuditSettings(Settings):
    """path: of a file of JSON lines; without one only the state has the records. content: whether the file
    also holds what was asked and answered."""

    path: Path | None = None
    content: bool = False

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.content and self.path is None:
            raise ValueError("content is written to a file only; name its 'path'.")
        return self


class GuardSettings(Settings):
    """mode: observe changes nothing and reports; enforce acts. on_failure: whether a request is refused
    (closed) or passed on as it is (open) when a mitigation or the state fails. unknown_users: of whom the
    policy lacks; left out, they are refused where the policy has users. body_limit: bytes of a request.
    timeout: seconds up to the first byte of an answer, and between two parts of it. streams: at most so many
    requests at once. drift: null for no monitors. state: sqlite:///PATH or postgresql://...
    """

    mode: Literal["observe", "enforce"] = "enforce"
    on_failure: Literal["closed", "open"] = "closed"
    identity: IdentitySettings = IdentitySettings()
    unknown_users: Literal["refuse", "neutral"] | None = None
    body_limit: int = Field(default=10_000_000, ge=1_000)
    timeout: float = Field(default=600, gt=0)
    streams: int = Field(default=1_000, ge=1)
    drift: DriftSettings | None = DriftSettings()
    audit: AuditSettings = AuditSettings()
    state: str = "sqlite:///forwhom-guard.sqlite"
