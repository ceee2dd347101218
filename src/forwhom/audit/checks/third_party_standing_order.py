"""What a page, mail or other person said, and the agent now keeps as an order of its owner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding
from forwhom.audit.knowledge.directives import is_order, is_spoken_of, names_a_source, suspicions, took_over
from forwhom.audit.knowledge.entries import Entry, entries_outside_skills
from forwhom.audit.knowledge.owner import owner_names
from forwhom.audit.knowledge.sources import source_among_others, source_of_owner
from forwhom.audit.reading.deployment import Deployment

_ENOUGH = 0.45
"""Of a suspect order's words; of another's, more."""
_FOR_GOOD = re.compile(
    r"\b(?:always|never|every|all|any|each|whenever|without exception|ab jetzt|from now on|by default|"
    r"automatically|first|only|immer|nie|"
    r"niemals|stets|"
    r"künftig|alle\w*|jede\w*|nur noch|siempre|nunca|todos?|todas?|cada|a partir de|toujours|jamais|"
    r"chaque|tous)\b",
    re.IGNORECASE,
)

_OFTEN = re.compile(
    r"\b(?:every|each|all|alle|jede\w*|cada|tod[oa]s l[oa]s|chaque|tou(?:te)?s les) (?:\w+ )?(?:mornings?|"
    r"evenings?|nights?|"
    r"days?|weeks?|months?|years?|hours?|minutes?|\w+days?|spring|summer|autumn|winter|tage?|wochen?|monate?|jahre?|"
    r"stunden?|\w+tag|morgen|abend|frühjahr|herbst|días?|semanas?|mes(?:es)?|años?|horas?|lunes|jours?|semaines?|mois|"
    r"ans|heures?|meals?|time)\b",
    re.IGNORECASE,
)


@check(
    "third-party-standing-order",
    risk="delayed-memory-injection",
    question="happened",
    about="A text that others wrote has become an order in memory, in the persona or in the instructions.",
    fix="Delete it. Then let what the agent reads not be written to memory: leave write tools out of the "
    "sessions that read mail and pages, or put forwhom guard with provenance tagging in front of the model.",
)
def third_party_standing_order(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    untrusted = {one.path: one for one in deployment.chunks if one.origin == "untrusted"}
    for entry in entries_outside_skills(deployment):
        told = took_over(entry.text)
        if is_spoken_of(entry.text) or not (told or is_order(entry.text)):
            continue
        source = source_among_others(
            entry,
            deployment,
            _ENOUGH if suspicions(entry.text, owner_names(deployment)) else _ENOUGH + 0.15,
        )
        told = told or names_a_source(entry.text)
        is_marked = any(entry.text[:60] in chunk.text for chunk in untrusted.values())
        if source is None and not is_marked and not (told and _is_standing(entry, deployment)):
            continue
        by = (
            f"{source.message.tool or source.message.sender or 'somebody else'} "
            f"({source.message.place})" if source
            else "a text that OpenClaw itself marked as untrusted" if is_marked
            else f"elsewhere, as it says itself (“{told}”)"
        )  # fmt: skip
        yield check.found(
            entry.place,
            f"An order in {entry.source.file} that came from {by}.",
            "high" if entry.source.is_injected else "medium",
            "it is "
            + ("read into every prompt" if entry.source.is_injected else "found by searches")
            + " as if the owner had said it.",
            "likely" if source or is_marked else "possible",
            quote=entry.text,
            related=[source.message.place] if source else (),
        )


def _is_standing(entry: Entry, deployment: Deployment) -> bool:
    """A line that only names its source is none; it is where it binds the future, or is suspect. “Every three
    months” is a schedule."""
    if source_of_owner(entry, deployment):
        return False
    return bool(
        _FOR_GOOD.search(_OFTEN.sub(" ", entry.text))
        or suspicions(entry.text, owner_names(deployment))
        or took_over(entry.text)
    )
