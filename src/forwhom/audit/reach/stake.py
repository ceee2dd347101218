"""How bad it is that somebody reaches a memory: by what is remembered there."""

from __future__ import annotations

from forwhom.audit.finding import SEVERITIES, Severity
from forwhom.audit.reach.graph import Reach


def weighed(reach: Reach, agent: str, base: Severity, *, most: Severity = "critical") -> tuple[Severity, str]:
    """A severity and the sentence for it: `base` where ordinary things are remembered, a step more for facts
    of a special category, never above `most`; low where nothing is remembered."""
    entries, is_special = reach.holds(agent)
    turns = sum(one.holds for one in reach.stores if one.agent == agent and one.kind == "transcripts")
    if not entries and not turns:
        return "low", "Nothing is remembered yet that could be told."
    step = SEVERITIES.index(base) + (1 if is_special else 0)
    told = f"{entries} entries are remembered" if entries else f"{turns} turns are kept"
    told += ", facts of a special category (GDPR Art. 9) among them." if is_special else "."
    return SEVERITIES[min(step, SEVERITIES.index(most))], told


def memory_is_empty(reach: Reach, agent: str) -> bool:
    return reach.holds(agent)[0] == 0


def those(names: list[str], *, shown: int = 3) -> str:
    """'a, b and 4 more'."""
    if len(names) <= shown:
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"
