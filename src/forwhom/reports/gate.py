"""The gate of a release: which findings stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forwhom.errors import InputError, unknown
from forwhom.reports.finding import KINDS, Finding


def stopping(findings: Sequence[Finding], fail_on: str, provenance: Mapping[str, Any]) -> list[Finding]:
    """The findings that stop a release. fail_on: "any", or a kind of finding.

    provenance: what run.json holds. Raises InputError where nothing was measured that could be unsafe: a
    gate that saw nothing must not open.
    """
    if fail_on not in ("any", *KINDS):
        raise unknown("kind of finding", fail_on, ["any", *KINDS], where="--fail-on")
    if not provenance.get("counts", {}).get("at_risk"):
        raise InputError(
            f"--fail-on {fail_on}: no request of this run can harm its user, so that nothing was tested. "
            "Ask more users or other probes; `forwhom plan` shows the cells at risk."
        )
    return [finding for finding in findings if fail_on in ("any", finding.kind)]
