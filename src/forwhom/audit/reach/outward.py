"""Where a deployment sends: tools that reach the network, MCP servers, skills, scheduled deliveries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from forwhom.audit.finding import Place
from forwhom.audit.quoting import quoted
from forwhom.audit.reach.people import Owners, bare, owners_of
from forwhom.audit.reach.settings import as_list, of_agent, table_at
from forwhom.audit.reach.tools import OUTSIDE, Toolbox, matches, toolbox
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment, Job

OutletKind = Literal["tool", "MCP server", "skill", "delivery", "heartbeat"]
_HERE = re.compile(
    r"filesystem|sqlite|duckdb|postgres|\btime\b|thinking|\bgit\b|clock|calculator|convert|\blocal\b|localhost|"
    r"127\.0\.0\.1|--offline",
    re.I,
)
_OUT = re.compile(
    r"mail|smtp|imap|post(er|ing)\b|slack|tweet|twitter|social|fetch|browser|github|gitlab|notion|drive|dropbox|"
    r"upload|send|publish|share|sync|webhook|http|remote|api\b|cloud|crm|calendar|sheets|search|telegram|discord|"
    r"whatsapp|sms|twilio|zapier|linear|jira|trello|asana|airtable|hubspot|stripe|blog|wordpress|forum|print|"
    r"analytics|telemetry|_URL|_TOKEN|_API_KEY|_HOST",
    re.I,
)
_LOCAL_ADDRESS = re.compile(r"^(https?|wss?)://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)", re.I)
_ROOM = re.compile(
    r"^-\d+|@g\.us$|^(channel|room|group|chat):|^[!#]|^[cg][0-9a-z]{8,}$|@thread|@newsletter", re.I
)
_SENDS = re.compile(
    r"curl\b[^\n]*(-d\b|--data|-F\b|--form|-T\b|-X\s*(POST|PUT))|requests\.(post|put)|\bPOST\b|webhook|"
    r"\bupload\w*|\bfetch\(|wget\b[^\n]*--post|\bsync\w* (to|with)\b|"
    r"\b(send|post|push|publish|share|report|submit|forward|schick|übermittel|lade|teile|env[ií]|sube|"
    r"comparte|envoie)\w*\b[^\n]*(https?://|\bapi\b|server|endpoint)|"
    r"https?://[^\s)\"']+[^\n]*\b(senden|schicken|hochladen|enviar)\b|"
    r"https?://[^\s)\"']+/(api|v\d|hook|in(gest)?|collect|track|report)\b",
    re.I,
)
_FOREIGN = re.compile(
    r"clawhub|installed from|third.party|"
    r"^\s*(author|homepage|source|repository|publisher|vendor|license|version)\s*:",
    re.I | re.M,
)


@dataclass(frozen=True)
class Outlet:
    """is_other: what it sends can leave to somebody who is not the owner. is_foreign: somebody else made or
    runs it, as it says itself. why: the setting or text. agents: whose sessions have it."""

    kind: OutletKind
    name: str
    agents: tuple[str, ...]
    why: str
    place: Place
    is_other: bool = True
    is_foreign: bool = False
    prompt: str = ""
    target: str = ""


def outlets_of(deployment: Deployment) -> tuple[Outlet, ...]:
    config, owners = deployment.config, owners_of(deployment.config)
    agents = tuple(one.id for one in deployment.agents)
    boxes = {one: toolbox(config, one, is_main=True, of_other=False) for one in agents}
    return (
        *_tools(boxes), *mcp_servers(config, boxes), *skills(deployment, boxes),
        *deliveries(deployment, owners), *heartbeats(config, owners, agents),
    )  # fmt: skip


def _tools(boxes: dict[str, Toolbox]) -> Iterator[Outlet]:
    """The agents' own tools that reach beyond the machine, as one outlet."""
    had = [tool for tool in OUTSIDE if any(box.has(tool) for box in boxes.values())]
    having = tuple(agent for agent, box in boxes.items() if any(map(box.has, had)))
    why = boxes[having[0]].why(had) if having else None
    if why is not None:
        told = ", ".join(had)
        yield Outlet("tool", f"tools {told}", having, str(why), why.place, is_other=False, target=told)


def mcp_servers(config: Config, boxes: dict[str, Toolbox]) -> Iterator[Outlet]:
    """Those that are on and that a session may call."""
    for start in (("mcp", "servers"), ("mcpServers",), ("tools", "mcp", "servers")):
        for name, told in table_at(config, start).items():
            if not isinstance(told, dict) or told.get("enabled") is False or told.get("disabled") is True:
                continue
            having = tuple(agent for agent, box in boxes.items() if _has_server(box, name, told))
            if not having:
                continue
            sends = _server_sends(name, told)
            yield Outlet(
                "MCP server", f"MCP server {quoted(name)}", having,
                f"{quoted('.'.join((*start, name)))}: {_shown(told)}", config.place(*start, name),
                is_other=sends is not False, is_foreign=sends is True,
            )  # fmt: skip


def _shown(told: dict[str, Any]) -> str:
    """Its address without what may be a key in it, or its command and what is not an option."""
    if told.get("url"):
        return quoted(bare_address(str(told["url"])))
    words = [str(told.get("command", ""))]
    args = as_list(told.get("args"))
    for before, one in zip(("", *args), args, strict=False):
        if not one.startswith("-") and not (before.startswith("--") and "=" not in before):
            words.append(bare_address(one))
    return quoted(" ".join(words)[:80])


def bare_address(text: str) -> str:
    """Without user, query and fragment; what is no address as it is."""
    if "://" not in text:
        return text
    return re.sub(r"(?<=//)[^/@\s]+@", "", re.split(r"[?#]", text)[0])


def _server_sends(name: str, told: dict[str, Any]) -> bool | None:
    """Whether it reaches beyond this machine, as far as its address, its name and its settings say."""
    if told.get("url"):
        return _LOCAL_ADDRESS.match(str(told["url"])) is None
    words = [name, str(told.get("command", "")), *as_list(told.get("args"))]
    if _HERE.search(" ".join(words)):
        return False
    env = told.get("env")
    words += list(env) if isinstance(env, dict) else []
    return True if _OUT.search(" ".join(words)) else None


def _has_server(box: Toolbox, name: str, told: dict[str, Any]) -> bool:
    filtered = told.get("toolFilter")
    if isinstance(filtered, dict) and "include" in filtered and not as_list(filtered["include"]):
        return False
    denied = [one for path in box.shared for one in as_list(table_at(box.config, path).get("deny"))]
    return box.has("bundle-mcp") and not matches("bundle-mcp", denied) and f"{name}__*" not in denied


def skills(deployment: Deployment, boxes: dict[str, Toolbox]) -> Iterator[Outlet]:
    """Of the workspaces. One that sends is an outlet; is_foreign: it says that somebody else made it."""
    config = deployment.config
    for text in deployment.of_kind("skill"):
        name = text.file.rsplit("/", 2)[-2]
        entry = table_at(config, ("skills", "entries", name))
        having = tuple(one for one in text.agents if _has_skill(config, one, name))
        if entry.get("enabled") is False or not having or not any(one in boxes for one in having):
            continue
        line = next((number for number, told in enumerate(text.lines) if _SENDS.search(told)), None)
        if line is not None:
            is_foreign = _FOREIGN.search("\n".join(text.lines)) is not None
            yield Outlet(
                "skill", f"skill {quoted(name)}", having, quoted(text.lines[line]), text.at(line),
                is_other=True, is_foreign=is_foreign,
            )  # fmt: skip


def _has_skill(config: Config, agent: str, name: str) -> bool:
    told = of_agent(config, agent, "skills", default=None)
    return not isinstance(told.value, list) or name in as_list(told.value)


def deliveries(deployment: Deployment, owners: Owners) -> Iterator[Outlet]:
    """Of scheduled tasks that are on."""
    first = deployment.agents[0].id if deployment.agents else "main"
    for job in deployment.jobs:
        if not job.enabled or job.mode in ("", "none"):
            continue
        name = quoted(f"{job.channel} {bare_address(job.to)}".strip() or job.mode)
        yield Outlet(
            "delivery", f"delivery to {name}", (job.agent or first,),
            f"task '{quoted(job.name)}' sends to {name}", job.place,
            is_other=_is_others(deployment.config, owners, job), prompt=job.prompt,
            target=job.to or job.channel,
        )  # fmt: skip


def _is_others(config: Config, owners: Owners, job: Job) -> bool:
    if job.mode == "webhook":
        return not _LOCAL_ADDRESS.match(job.to)
    return is_others(config, owners, job.channel, job.to)


def is_others(config: Config, owners: Owners, channel: str, to: str) -> bool:
    """A room, or a person who is not the owner. Without a target it goes where the task was set."""
    if not to:
        return False
    if is_room(to, channel):
        return True
    told = bare(to.removeprefix("user:"), channel)
    if owners.is_owner(channel, told):
        return False
    known = as_list(config.get("channels", channel, "allowFrom"))
    if not owners.is_named_for(channel):
        return bool(known) and told != bare(known[0], channel)
    return True


def is_room(to: str, channel: str) -> bool:
    told = to.removeprefix(f"{channel}:")
    return _ROOM.search(told) is not None and not told.startswith("user:")


def heartbeats(config: Config, owners: Owners, agents: tuple[str, ...]) -> Iterator[Outlet]:
    for agent in agents:
        every = of_agent(config, agent, "heartbeat", "every", default="30m")
        target = of_agent(config, agent, "heartbeat", "target", default="owner")
        to = of_agent(config, agent, "heartbeat", "to", default="")
        if str(every.value) in ("0m", "0") or target.value in ("none", "owner"):
            continue
        told = target if to.is_default else to
        name, where = str(target.value), str(to.value)
        yield Outlet(
            "heartbeat", f"heartbeat to {name} {where}".strip(), (agent,), str(told), told.place,
            is_other=is_others(config, owners, name, where), target=where or name,
        )  # fmt: skip
