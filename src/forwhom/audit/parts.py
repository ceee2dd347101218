"""The parts that combinations are made of: whether each is on for an agent, and what says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forwhom.audit.finding import Place
from forwhom.audit.quoting import quoted
from forwhom.audit.reach.dreaming import dreaming, excluded_sources, remembers_across
from forwhom.audit.reach.graph import Reach
from forwhom.audit.reach.routing import Way
from forwhom.audit.reach.settings import Setting, first_set, of_agent
from forwhom.audit.reach.tools import toolbox
from forwhom.audit.reading.deployment import Deployment


@dataclass(frozen=True)
class Evidence:
    """is_default: nobody chose it."""

    place: Place
    why: str
    is_default: bool


@dataclass(frozen=True)
class Seen:
    """What a part looks at."""

    deployment: Deployment
    reach: Reach
    agent: str

    @property
    def others(self) -> list[Way]:
        """Ways of people who are not whose agent it is, hooks left out."""
        own = self.reach.whose(self.agent)
        return [
            one for one in self.reach.of_agent(self.agent)
            if one.person.is_other and one.person.name != own and one.door.kind in ("direct", "group")
        ]  # fmt: skip

    @property
    def hooks(self) -> list[Way]:
        return [one for one in self.reach.of_agent(self.agent) if one.door.kind in ("mail", "webhook")]


Part = Callable[[Seen], Iterable[Evidence]]


def _of(setting: Setting) -> Evidence:
    return Evidence(setting.place, str(setting), setting.is_default)


def _way(way: Way) -> Evidence:
    return Evidence(way.person.place, f"{way.person.name} through {way.door.name}", is_default=False)


def _memory_in_prompt(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.place, f"{one.name} is in the prompt", is_default=True)
        for one in seen.reach.stores
        if one.agent == seen.agent and one.kind in ("user model", "memory") and one.holds
    ]


def _external_content(seen: Seen) -> list[Evidence]:
    """Hooks first; else pages that a tool reads."""
    found = [_way(one) for one in seen.hooks]
    found += [_way(one) for one in seen.others if one.door.is_open]
    box = toolbox(seen.deployment.config, seen.agent, is_main=True, of_other=False)
    web = box.why(("web_fetch", "browser", "web_search"))
    return found or ([_of(web)] if web else [])


def _sends_outward(seen: Seen) -> list[Evidence]:
    box = toolbox(seen.deployment.config, seen.agent, is_main=True, of_other=False)
    tools = (
        ("message", "web_fetch", "browser")
        if box.is_sandboxed
        else ("message", "web_fetch", "browser", "exec")
    )
    why = box.why(tools)
    found = [Evidence(why.place, f"tools that send ({why})", is_default=True)] if why else []
    servers = [
        Evidence(one.place, one.name, is_default=False) for one in seen.reach.outlets
        if one.kind in ("MCP server", "skill") and one.is_foreign and seen.agent in one.agents
    ]  # fmt: skip
    return servers + found


def _dreaming(seen: Seen) -> list[Evidence]:
    told = dreaming(seen.deployment)
    return [_of(told)] if told.value is True else []


def _hook_content(seen: Seen) -> list[Evidence]:
    kept_out = excluded_sources(seen.deployment.config).value
    return [
        _way(one) for one in seen.hooks
        if one.door.name != "hook agent"
        and not ({"webhook"} if one.door.kind == "webhook" else {"gmail", "email"}) & set(kept_out)
    ]  # fmt: skip


def _shared_session(seen: Seen) -> list[Evidence]:
    return [_way(one) for one in seen.others if one.door.kind == "direct" and one.is_main]


def _recall_across(seen: Seen) -> list[Evidence]:
    told = remembers_across(seen.deployment.config, seen.agent)
    return [_of(told)] if told.value is True and seen.deployment.product == "OpenClaw" else []


def _people_apart(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.why.place, f"{one.person.name} has a session apart ({one.why})", is_default=False)
        for one in seen.others
        if one.door.kind == "direct" and not one.is_main
    ]


def _sessions_visible(seen: Seen) -> list[Evidence]:
    """To a session of somebody else, where there is one."""
    config = seen.deployment.config
    told = first_set(config, [("tools", "sessions", "visibility")], "all")
    if told.value not in ("all", "agent"):
        return []
    ways = [one for one in seen.others if seen.reach.tools(one).has("sessions_history")]
    return [_of(told)] if any(not seen.reach.tools(one).is_sandboxed for one in ways) else []


def _several_agents(seen: Seen) -> list[Evidence]:
    """Others that keep something, and that this one may reach."""
    config = seen.deployment.config
    told = first_set(config, [("tools", "agentToAgent", "enabled")], default=True)
    seen_by = first_set(config, [("tools", "sessions", "visibility")], "all")
    allowed = first_set(config, [("tools", "agentToAgent", "allow")], [])
    if told.value is False or seen_by.value != "all" or not allowed.is_default:
        return []
    others = {one.agent for one in seen.reach.stores if one.holds and one.agent != seen.agent}
    return [_of(told)] if others else []


def _others_reach(seen: Seen) -> list[Evidence]:
    return [_way(one) for one in seen.others]


def _others_write(seen: Seen) -> list[Evidence]:
    return [_way(one) for one in seen.others if seen.reach.tools(one).writes_workspace()]


def _intent_for_anyone(seen: Seen) -> list[Evidence]:
    first = seen.deployment.agents[0].id if seen.deployment.agents else seen.agent
    return [
        Evidence(one.place, f"standing intent '{quoted(one.description)}' for anyone", is_default=False)
        for one in seen.deployment.intents
        if seen.agent == first and one.status in ("armed", "fired", "pending")
        and one.sender.lower() in ("", "*", "anyone", "any")
    ]  # fmt: skip


def _persona(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.at(0), "the persona's file", is_default=True)
        for one in seen.deployment.of_kind("persona", "identity") if seen.agent in one.agents
    ]  # fmt: skip


def _group_writes(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.door.place, f"{one.door.name} may write files", is_default=False)
        for one in seen.others if one.door.kind == "group" and seen.reach.tools(one).writes_workspace()
    ]  # fmt: skip


def _group_heard(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.door.place, one.door.name, is_default=False)
        for one in seen.reach.of_agent(seen.agent) if one.door.kind == "group"
    ]  # fmt: skip


def _special_user_file(seen: Seen) -> list[Evidence]:
    return [
        Evidence(one.place, f"{one.name} holds facts of a special category", is_default=True)
        for one in seen.reach.stores
        if one.agent == seen.agent and one.kind == "user model" and one.is_special
    ]


def _last_target(seen: Seen) -> list[Evidence]:
    target = of_agent(seen.deployment.config, seen.agent, "heartbeat", "target", default="owner")
    to = of_agent(seen.deployment.config, seen.agent, "heartbeat", "to", default="")
    found = [_of(target)] if target.value == "last" and not to.value else []
    first = seen.deployment.agents[0].id if seen.deployment.agents else seen.agent
    found += [
        Evidence(one.place, f"task '{quoted(one.name)}' is delivered to whoever wrote last", is_default=False)
        for one in seen.deployment.jobs
        if one.enabled and (one.agent or first) == seen.agent and one.mode == "announce" and not one.to
        and one.channel in ("last", "")
    ]  # fmt: skip
    return found


def _media(seen: Seen) -> list[Evidence]:
    config = seen.deployment.config
    told = first_set(config, [("tools", "media", "image", "enabled")], None)
    if told.value is False or not config.is_set("tools", "media"):
        return []
    return [
        Evidence(config.place("tools", "media"), "pictures are understood (tools.media)", is_default=False)
    ]


PARTS: dict[str, Part] = {
    "memory-in-prompt": _memory_in_prompt, "external-content": _external_content,
    "sends-outward": _sends_outward, "dreaming": _dreaming, "hook-content": _hook_content,
    "shared-session": _shared_session, "recall-across": _recall_across, "people-apart": _people_apart,
    "sessions-visible": _sessions_visible, "several-agents": _several_agents, "others-reach": _others_reach,
    "others-write": _others_write, "intent-for-anyone": _intent_for_anyone, "persona": _persona,
    "group-writes": _group_writes, "group-heard": _group_heard, "special-user-file": _special_user_file,
    "last-target": _last_target, "media": _media,
}  # fmt: skip
