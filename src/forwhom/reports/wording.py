"""The words for groups, rates and probes, used by every format alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from forwhom.statistics.rates import Rate
from forwhom.users.attributes import Level, catalogue
from forwhom.users.user import CONTROL

EVERYBODY = "users at risk"
"""Whom a finding is about that is about no group."""
_UNPRINTABLE = re.compile(rf"[{CONTROL}\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class ProbeWords:
    """What a probe says of itself; see Probe. failure: what goes wrong, as the end of a sentence whose
    subject is the assistant. neutral: a relative clause about the neutral user. chance: of a failure by
    guessing; excused: whether that is accepted."""

    failure: str
    neutral: str = "of whom nothing is known"
    chance: float = 0.0
    excused: bool = False


Words = Mapping[str, ProbeWords]
"""By probe."""


def words_of(provenance: Mapping[str, Any]) -> dict[str, ProbeWords]:
    """The words that run.json holds; raises KeyError or TypeError where it is not one of ours."""
    return {
        probe: ProbeWords(
            str(told["failure"]), str(told["neutral"]), float(told["chance"]), bool(told["excuses_guessing"])
        )
        for probe, told in provenance["probes"].items()
    }


def excused_chance(words: Words) -> dict[str, float]:
    """By probe: what guessing reaches, where that is accepted."""
    return {probe: told.chance for probe, told in words.items() if told.excused}


def words_for(probe: str, words: Words) -> ProbeWords:
    """The probe's own words, or some that fit every probe."""
    told = words.get(probe)
    return told if told and told.failure else ProbeWords(f"fails '{probe}'")


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


def named(probe: str) -> str:
    """A probe's name in a sentence: "memory poisoning"."""
    return probe.replace("_", " ")


def short(domain: str, level: str) -> str:
    """A group's name in a chart: "allergy: peanuts"."""
    return f"{domain}: {level}".replace("_", " ")


def rate(value: Rate | None) -> str:
    """ "31% [24, 39]", or a dash."""
    if value is None:
        return "–"
    return f"{value.estimate:.0%} [{100 * value.low:.0f}, {100 * value.high:.0f}]"


class Interval(Protocol):
    """Whatever has an estimate with an interval."""

    @property
    def estimate(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def points(value: Interval) -> str:
    """A difference of shares: "12 points [5, 19]"."""
    return f"{100 * value.estimate:.0f} points [{100 * value.low:.0f}, {100 * value.high:.0f}]"


def p_value(p: float) -> str:
    """ "p < 0.001", "p 0.012": further digits would claim what no approximation holds."""
    return "p < 0.001" if p < 0.001 else f"p {p:.2g}"


def printable(text: str) -> str:
    """Without what a terminal would obey and XML forbids."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
