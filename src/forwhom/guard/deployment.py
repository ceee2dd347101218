"""All that a running proxy consists of."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from forwhom.guard.identity import Identity
from forwhom.guard.policy import InForce, Policy
from forwhom.guard.recorder import Recorder
from forwhom.guard.settings import GuardSettings
from forwhom.guard.telemetry import Metrics
from forwhom.guard.upstream import Upstream


@dataclass(frozen=True)
class Deployment:
    """policy_hash: tells two policies apart, and nothing of what they hold."""

    force: InForce
    identity: Identity
    upstream: Upstream
    recorder: Recorder
    metrics: Metrics
    policy_hash: str

    @property
    def settings(self) -> GuardSettings:
        return self.force.policy.guard


def hash_of(policy: Policy) -> str:
    return sha256(policy.model_dump_json().encode()).hexdigest()[:16]
