"""Several people's direct messages come to one session: what one tells, the others can ask for."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.stake import those, weighed
from forwhom.audit.reading.deployment import Deployment


@check(
    "shared-main-session",
    risk="cross-user-leakage",
    question="reaches",
    about="Direct messages of more than one person share one session.",
    fix='Set session.dmScope to "per-channel-peer"; session.identityLinks joins the accounts of one person.',
)
def shared_main_session(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    for agent in deployment.agents:
        yield from _of_agent(check, deployment, reach, agent.id)


def _of_agent(check: Check, deployment: Deployment, reach: Reach, agent: str) -> Iterator[AuditFinding]:
    ways = [one for one in reach.of_agent(agent) if one.door.kind == "direct" and one.is_main]
    people = {one.person.name: one for one in ways}
    seen = [
        one for one in deployment.said_by_others
        if one.role == "user" and one.agent == agent and one.key.endswith(":main") and one.chat == "direct"
    ]  # fmt: skip
    is_open = any(one.person.kind == "anybody" for one in ways)
    if len(people) < 2 and not is_open and not seen:
        return
    others = [one for one in ways if one.person.is_other]
    severity, stake = weighed(reach, agent, "high" if is_open else "medium", most="high")
    if ways:
        scope = ways[0].why
        place = others[0].person.place if scope.is_default and others else scope.place
        names = [one.person.name for one in others]
        who = "Anybody can write" if is_open else f"The owner and {those(names)} write"
        claim = f"{who} into one session of '{agent}' ({scope})."
    else:
        place = seen[0].place
        claim = f"Somebody other than the owner wrote into the main session of '{agent}'."
    related = [one.person.place for one in others] + [one.place for one in seen[:3]]
    assumed = any(one.person.is_assumed for one in ways)
    yield check.found(
        place, claim, severity,
        f"Each of them has the others' words as context. {stake}",
        "certain" if seen or is_open or not assumed else "likely",
        related=[one for one in dict.fromkeys(related) if one != place],
    )  # fmt: skip
