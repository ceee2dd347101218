"""Techniques and settings that are harmless apart and harmful together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from forwhom.audit.check import Check, check
from forwhom.audit.combinations import Combination, combinations
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.parts import PARTS, Evidence, Seen
from forwhom.audit.reach.graph import reach_of
from forwhom.audit.reading.deployment import Deployment


@check(
    "combination",
    risk="instruction-in-content",
    question="combines",
    about="Parts that are on together and known to harm together; each names its own risk.",
    fix="Turn off one of the parts.",
)
def combination(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    if deployment.layout == "workspace":
        return  # its settings are not known
    reach = reach_of(deployment)
    for one in combinations():
        for agent in deployment.agents:
            seen = Seen(deployment, reach, agent.id)
            parts: dict[str, list[Evidence]] = {}
            for name in one.parts:
                parts[name] = list(PARTS[name](seen))
                if not parts[name]:
                    break
            else:
                yield _found(check, one, seen, parts)


def _found(check: Check, one: Combination, seen: Seen, parts: dict[str, list[Evidence]]) -> AuditFinding:
    lines, is_special = seen.reach.holds(seen.agent)
    severity: Severity = one.severity.by_default
    how = "Every part of it is a default."
    if any(not told.is_default for part in parts.values() for told in part):
        severity = one.severity.special if is_special else one.severity.set
        how = "Facts of a special category are remembered." if is_special else "Not all of it is a default."
    if not lines:
        severity, how = "low", "Nothing is remembered yet."
    told = "; ".join(f"{name}: {part[0].why}" for name, part in parts.items())
    anchor = parts[one.anchor][0].place
    places = dict.fromkeys(evidence.place for part in parts.values() for evidence in part[:2])
    own = replace(check, risk=one.risk)
    return own.found(
        anchor, f"{one.title} ({seen.agent}): {told}.", severity, f"{one.why.strip()} {how}",
        "certain" if severity != "low" else "likely", fix=one.fix.strip(),
        related=[place for place in places if place != anchor],
    )  # fmt: skip
