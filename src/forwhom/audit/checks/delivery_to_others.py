"""What the agent makes from memory by itself is sent to somebody who is not its owner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.reach.graph import reach_of
from forwhom.audit.reach.stake import weighed
from forwhom.audit.reading.deployment import Deployment

_FROM_MEMORY = re.compile(
    r"memor|USER\.md|daily note|summar|digest|recap|week|status|how (she|he|they) (is|are|feel)|remember|"
    r"know about|who needs|mood|health|appointment|notes\b",
    re.I,
)


@check(
    "delivery-to-others",
    risk="cross-channel-disclosure",
    question="reaches",
    about="A scheduled task or heartbeat sends its result to a room or person other than the owner.",
    fix="Set the task's delivery.to to the owner (of the heartbeat, agents.defaults.heartbeat.target to "
    '"owner"), or run it with an agent that has no memory and say in its prompt what may be told there.',
)
def delivery_to_others(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    for outlet in reach.outlets:
        if outlet.kind not in ("delivery", "heartbeat") or not outlet.is_other:
            continue
        agent = outlet.agents[0]
        draws = outlet.kind == "heartbeat" or _FROM_MEMORY.search(outlet.prompt) is not None
        severity, stake = weighed(reach, agent, "medium" if draws else "low", most="high" if draws else "low")
        how = "It is told to use what is remembered."
        if not draws:
            how = "Its session has the memory, though its prompt is of other things."
        if outlet.kind == "heartbeat":
            how = "It runs in the owner's main session and speaks up by itself."
        yield check.found(
            outlet.place, f"'{agent}': {outlet.why}, who is not the owner.", severity, f"{how} {stake}",
            "likely" if draws else "possible", quote=outlet.prompt,
        )  # fmt: skip
