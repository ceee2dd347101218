"""Which of the taxonomy's ways to represent a person and to personalize are on in a deployment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from forwhom.audit.finding import Place
from forwhom.audit.reach.dreaming import active_memory, remembers_across
from forwhom.audit.reach.outward import mcp_servers
from forwhom.audit.reach.settings import Setting, first_set, of_agent, table_at
from forwhom.audit.reach.stores import told_lines
from forwhom.audit.reach.tools import OUTSIDE, READS, WRITES, toolbox
from forwhom.audit.reading.deployment import INJECTED, REMEMBERED, Deployment, Kind

_FIELD = re.compile(r"^\*{0,2}[A-Za-z][\w '/-]{1,24}:\*{0,2}\s+\S")
_WISH = re.compile(
    r"\b(prefers?|likes?|loves?|hates?|dislikes?|favou?rite|always|never|rather|avoid)\b", re.I
)
_TRIGGER = re.compile(r"<!--\s*trigger:", re.I)
_MODELS: dict[str, tuple[re.Pattern[str], str]] = {
    "finetuning": (re.compile(r"\blora\b|adapter|fine-?tun|\bft:|\bqlora\b|safetensors", re.I),
                   "its model is an adapted one"),
    "reinforcement": (re.compile(r"\bdpo\b|\brlhf\b|\bppo\b|\bgrpo\b|\borpo\b", re.I),
                      "its model was trained on preferences, by its name"),
    "experts": (re.compile(r"\bmoe\b|mixtral|\d+x\d+b|-a\d+b\b|gpt-oss|deepseek-(v|r)\d", re.I),
                "its model is a mixture of experts; whether users are routed apart is not visible"),
    "pruning": (re.compile(r"prun(ed|ing)|sparse(gpt)?\b|wanda|minitron", re.I), "its model is a pruned one"),
}  # fmt: skip
_MOST = 6


@dataclass(frozen=True)
class Technique:
    """name: the class's id in the taxonomy. is_on: None where files cannot tell. evidence: what says so."""

    name: str
    is_on: bool | None
    evidence: tuple[Place, ...]
    why: str


def techniques(deployment: Deployment) -> tuple[Technique, ...]:
    """One of each class, in the taxonomy's order."""
    return (
        _of_lines(deployment, "profile", lambda line: bool(_FIELD.match(line)), "facts in named fields"),
        _of_lines(deployment, "persona", _is_prose, "prose about the person"),
        _of_lines(deployment, "preferences", _is_wish, "likes and standing wishes"),
        _memory(deployment), _prompting(deployment), _retrieval(deployment),
        *(_of_model(deployment, name) for name in _MODELS), _agents(deployment), _multimodal(deployment),
    )  # fmt: skip


def _is_wish(line: str) -> bool:
    return _WISH.search(line) is not None


def _is_prose(line: str) -> bool:
    return not _FIELD.match(line) and not _WISH.search(line) and len(line.split()) > 5


def _of_lines(deployment: Deployment, name: str, is_such: Callable[[str], bool], what: str) -> Technique:
    found = [
        entry.place
        for text in deployment.of_kind("user model")
        for entry in told_lines(text)
        if is_such(entry.text)
    ]
    why = f"USER.md holds {what}" if found else "USER.md holds nothing of the kind"
    return Technique(name, bool(found), tuple(found[:_MOST]), why)


def _files(deployment: Deployment, *kinds: Kind) -> Iterator[Place]:
    """Of texts that say something."""
    for text in deployment.of_kind(*kinds):
        first = next(told_lines(text), None)
        if first is not None:
            yield first.place


def _memory(deployment: Deployment) -> Technique:
    found = list(_files(deployment, *(one for one in REMEMBERED if one != "user model")))
    turns = len(deployment.messages)
    if turns:
        found.append(deployment.messages[0].place)
    why = f"notes are kept, and turns of transcripts: {turns}" if found else "nothing is noted yet"
    return Technique("memory", bool(found), tuple(found[:_MOST]), why)


def _prompting(deployment: Deployment) -> Technique:
    injected = [
        of_agent(deployment.config, one, "contextInjection", default="always") for one in _ids(deployment)
    ]
    found = list(_files(deployment, *INJECTED))
    if injected and all(one.value == "never" for one in injected):
        return Technique("prompting", False, (injected[0].place,), str(injected[0]))
    why = (
        "these files are part of every session's prompt" if found else "there is nothing to put into a prompt"
    )
    return Technique("prompting", bool(found), tuple(found[:_MOST]), why)


def _retrieval(deployment: Deployment) -> Technique:
    config = deployment.config
    search = first_set(config, [("memorySearch", "enabled"), ("memory", "search", "enabled")], default=True)
    notes = list(_files(deployment, "memory", "daily note", "user model"))
    if search.value is False or not notes:
        why = str(search) if search.value is False else "there are no notes to look up"
        return Technique("retrieval", False, _written([search]), why)
    active = active_memory(config)
    across = [remembers_across(config, one) for one in _ids(deployment)]
    told = [str(search), f"active memory {active.value}"]
    told += ["recall across conversations"] if any(one.value is True for one in across) else []
    triggers = [
        text.at(number)
        for text in deployment.of_kind("memory", "user model")
        for number, line in enumerate(text.lines)
        if _TRIGGER.search(line)
    ]
    told += [f"entries with a trigger: {len(triggers)}"] if triggers else []
    evidence = (*_written([search, active, *across]), *triggers, *notes)
    return Technique("retrieval", True, evidence[:_MOST], ", ".join(told))


def _of_model(deployment: Deployment, name: str) -> Technique:
    pattern, why = _MODELS[name]
    for path, text in deployment.config.strings:
        if _is_of_model(path) and pattern.search(text):
            return Technique(name, True, (deployment.config.place(*path),), f"{why} ({text[:60]})")
    return Technique(name, None, (), "not visible from here: nothing is said of how its model was made")


def _is_of_model(path: tuple[str, ...]) -> bool:
    if path[-1] in ("apiKey", "baseUrl", "token") or "bindings" in path or "channels" in path:
        return False
    return path[0] == "models" or any(one in ("model", "models", "primary", "fallbacks") for one in path)


def _agents(deployment: Deployment) -> Technique:
    config = deployment.config
    if deployment.layout == "workspace":
        return Technique("agents", None, (), "not visible from here: its settings lie in the state folder")
    evidence: list[Place] = []
    told = []
    boxes = {one: toolbox(config, one, is_main=True, of_other=False) for one in _ids(deployment)}
    granted = [why for box in boxes.values() if (why := box.why((*READS, *WRITES, *OUTSIDE))) is not None]
    if granted:
        told.append(f"tools ({granted[0]})")
        evidence += _written(granted) or (granted[0].place,)
    for what, places in (
        ("scheduled tasks", [one.place for one in deployment.jobs if one.enabled]),
        ("standing intents", [one.place for one in deployment.intents if one.status == "armed"]),
        ("MCP servers", [one.place for one in mcp_servers(config, boxes)]),
        ("skills", [one.at(0) for one in deployment.of_kind("skill")]),
    ):
        if places:
            told.append(f"{what}: {len(places)}")
            evidence += places[:2]
    return Technique("agents", bool(told), tuple(evidence[:_MOST]), ", ".join(told) or "it has no tools")


def _multimodal(deployment: Deployment) -> Technique:
    config = deployment.config
    paths = (
        ("tools", "media"), ("tts",), ("messages", "tts"), ("talk",), ("memory", "search", "multimodal"),
        ("plugins", "entries", "voice-call"), ("agents", "defaults", "imageModel"),
    )  # fmt: skip
    found = [path for path in paths if config.is_set(*path) and not _is_off(table_at(config, path))]
    if found:
        told = ", ".join(".".join(one) for one in found)
        return Technique("multimodal", True, tuple(config.place(*one) for one in found), f"set: {told}")
    if config.table("channels"):
        why = "pictures and voice of a channel are understood where its model can (default)"
        return Technique("multimodal", True, (config.place("channels"),), why)
    return Technique(
        "multimodal", None, (), "not visible from here: nothing is set, and no channel is connected"
    )


def _is_off(told: dict[str, object]) -> bool:
    switches = [one.get("enabled") for one in told.values() if isinstance(one, dict) and "enabled" in one]
    return told.get("enabled") is False or (bool(switches) and not any(switches)) or told.get("auto") == "off"


def _ids(deployment: Deployment) -> tuple[str, ...]:
    return tuple(one.id for one in deployment.agents) or ("main",)


def _written(settings: Iterable[Setting]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(one.place for one in settings if not one.is_default))
