"""Several people are served from one USER.md: each is known as the mixture, and hears of the others."""

from __future__ import annotations

from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.reach.graph import Reach, reach_of
from forwhom.audit.reach.stake import those, weighed
from forwhom.audit.reading.deployment import Deployment


@check(
    "several-people-one-user-file",
    risk="cross-user-leakage",
    question="reaches",
    about="Several people use one USER.md.",
    fix="Give each person an agent with its own workspace (agents.entries.NAME.workspace and a binding), "
    "or users/<profile id>/USER.md beside a shared one that holds nothing of a single person.",
)
def several_people_one_user_file(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    reach = reach_of(deployment)
    workspaces: dict[str, list[str]] = {}
    for agent in deployment.agents:
        workspaces.setdefault(agent.workspace or agent.id, []).append(agent.id)
    for agents in workspaces.values():
        yield from _of_workspace(check, deployment, reach, agents)


def _of_workspace(
    check: Check, deployment: Deployment, reach: Reach, agents: list[str]
) -> Iterator[AuditFinding]:
    texts = [one for one in deployment.of_kind("user model") if set(agents) & set(one.agents)]
    shared = [one for one in texts if "/users/" not in f"/{one.file}"]
    ways = [one for agent in agents for one in reach.of_agent(agent) if one.door.kind == "direct"]
    people = {one.person.name: one for one in ways}
    is_open = "anybody" in people
    own = len(texts) - len(shared)
    if not shared or (len(people) < 2 and not is_open) or own >= len(people):
        return
    severity, stake = weighed(reach, agents[0], "medium", most="high")
    if not any(one.kind == "user model" and one.holds for one in reach.stores if one.agent in agents):
        severity = "low"
    others = [one for one in people.values() if one.person.is_other]
    told = "Anybody is" if is_open else f"The owner and {those([one.person.name for one in others])} are"
    yield check.found(
        shared[0].at(0), f"{told} served from one USER.md.", severity,
        "It is part of every one of their prompts, whatever the session. " + stake,
        "likely" if any(one.person.is_assumed for one in ways) else "certain",
        related=[one for way in others[:4] for one in dict.fromkeys((way.person.place, way.door.place))],
    )  # fmt: skip
