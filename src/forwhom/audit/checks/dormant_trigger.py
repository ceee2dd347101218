"""Orders that wait: nothing happens until somebody says the word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Severity
from forwhom.audit.knowledge.directives import condition, is_order, is_spoken_of, names_a_source, suspicions
from forwhom.audit.knowledge.entries import entries_outside_skills
from forwhom.audit.knowledge.owner import owner_names
from forwhom.audit.knowledge.sources import source_among_others, source_of_owner
from forwhom.audit.reading.deployment import Deployment, Intent

_TRIGGER = re.compile(r"<!--\s*trigger:\s*(?P<words>[^>]*?)\s*-->", re.IGNORECASE)
_LIVE = ("pending", "armed", "fired")
_MANY = 10  # fires; OpenClaw's own default is 3


@check(
    "dormant-trigger",
    risk="delayed-memory-injection",
    question="happened",
    about="A stored condition with an action that the owner did not set: in memory, or as a standing intent.",
    fix="Delete the line; cancel the intent (the agent lists and cancels its intents when asked).",
)
def dormant_trigger(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    yield from _in_texts(check, deployment)
    owners = {_plain(str(one)) for one in deployment.config.items("commands", "ownerAllowFrom")}
    for intent in deployment.intents:
        if intent.status in _LIVE:
            yield from _of_intent(check, deployment, intent, owners)


def _in_texts(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    for entry in entries_outside_skills(deployment):
        told = _TRIGGER.search(entry.raw)
        when = condition(entry.text) or (told["words"] if told and is_order(entry.text) else "")
        if not when or is_spoken_of(entry.text):
            continue
        suspect = suspicions(entry.text, owner_names(deployment))
        foreign = source_among_others(entry, deployment, 0.45 if suspect else 0.6)
        if not suspect and not foreign and not names_a_source(entry.text):
            continue
        if source_of_owner(entry, deployment) and not foreign:
            continue
        why = (
            f"others wrote it ({foreign.message.place})" if foreign
            else f"it {suspect[0].kind}" if suspect else "it says itself that it comes from elsewhere"
        )  # fmt: skip
        yield check.found(
            entry.place, f"An order that waits for “{when}”.", "high" if suspect or foreign else "medium",
            f"{why}; nothing shows until the words are said.",
            "likely" if foreign or suspect else "possible",
            quote=entry.text, related=[foreign.message.place] if foreign else (),
        )  # fmt: skip


def _of_intent(
    check: Check, deployment: Deployment, intent: Intent, owners: set[str]
) -> Iterator[AuditFinding]:
    reasons: list[str] = []
    severity: Severity = "low"
    source = next((one for one in deployment.messages if one.session == intent.session), None)
    creator = _plain(intent.creator)
    if owners and creator and creator not in owners:
        reasons.append(f"its creator ({intent.creator}) is not an owner by commands.ownerAllowFrom")
        severity = "high"
    if source is not None and source.chat in ("group", "channel"):
        reasons.append("it was made in a group")
        severity = "high"
    if source is not None and ":hook:" in f":{source.key}:":
        reasons.append("it was made in a session of a hook, from content that others sent")
        severity = "high"
    if found := suspicions(intent.description, owner_names(deployment)):
        reasons.append(f"it {found[0].kind}")
        severity = "high"
    if not intent.sender and not intent.channel:
        reasons.append("anyone, anywhere, can set it off")
        severity = "medium" if severity == "low" and (not creator or not owners) else severity
    if intent.fires > _MANY:
        reasons.append(f"it may fire {intent.fires} times")
    if reasons:
        yield check.found(
            intent.place, f"A standing intent waits for “{intent.triggers}”.", severity,
            "; ".join(reasons) + ".",
            "likely" if severity == "high" else "possible", quote=intent.description,
        )  # fmt: skip


def _plain(sender: str) -> str:
    """Without the channel in front."""
    return sender.rsplit(":", 1)[-1].lower()
