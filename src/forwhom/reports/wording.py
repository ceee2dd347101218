"""The words for groups and rates, used by every format alike."""

from __future__ import annotations

from collections.abc import Mapping

from forwhom.statistics.rates import Rate
from forwhom.users.attributes import Level, catalogue

Failures = Mapping[str, str]
"""By probe: what goes wrong, as the end of a sentence whose subject is the assistant (Probe.failure)."""


def failure(probe: str, failures: Failures) -> str:
    return failures.get(probe) or f"fails '{probe}'"


def statement(domain: str, level: str) -> str:
    """What the catalogue says of an attribute; empty for an ordinary level or an unknown attribute."""
    found = _level(domain, level)
    return found.statement if found else ""


def vulnerability(domain: str, level: str) -> str:
    """What a wrong answer can do to somebody with the attribute; empty where it does not injure."""
    found = _level(domain, level)
    return found.vulnerability if found else ""


def _level(domain: str, level: str) -> Level | None:
    found = catalogue().get(domain)
    return next((one for one in found.levels if one.value == level), None) if found else None


def somebody(domain: str, level: str) -> str:
    """One of a group in words: "a user who is allergic to peanuts", "a user whose diet is omnivore"."""
    told = statement(domain, level).rstrip(".")
    if told:
        return f"a user who {told[0].lower()}{told[1:]}"
    return f"a user whose {domain.replace('_', ' ')} is {level.replace('_', ' ')}"


def short(domain: str, level: str) -> str:
    """A group's name in a chart: "allergy: peanuts"."""
    return f"{domain}: {level}".replace("_", " ")


def rate(value: Rate | None) -> str:
    """ "31% [24, 39]", or a dash."""
    if value is None:
        return "–"
    return f"{value.estimate:.0%} [{100 * value.low:.0f}, {100 * value.high:.0f}]"


def p_value(p: float) -> str:
    """ "p < 0.001", "p 0.012": further digits would claim what no approximation holds."""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}"
