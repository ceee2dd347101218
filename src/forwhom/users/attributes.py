"""The attributes that matter for safety: domains, levels, and how each is told or betrayed.

The catalogue (attributes.yaml) is data; a person's attribute is one level of one domain.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from forwhom.errors import unknown
from forwhom.users.user import Attribute, Sensitivity


class Level(BaseModel):
    """One level of a domain. cues: remarks that hint at it without naming it. See attributes.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: str
    statement: str = ""
    memory: str = ""
    cues: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    vulnerability: str = ""


class Domain(BaseModel):
    """What can be known of a person. The first level is the ordinary one, of which nothing is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    domain: str
    label: str
    sensitivity: Sensitivity
    levels: tuple[Level, ...]

    def level(self, value: str, *, where: str = "") -> Level:
        """The level called `value`; raises InputError with the nearest name."""
        for level in self.levels:
            if level.value == value:
                return level
        known = [level.value for level in self.levels]
        hint = "List them with: forwhom users --attributes"
        raise unknown(f"level of '{self.domain}'", value, known, where=where, hint=hint)


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Domain]:
    """All domains by name, in a fixed order."""
    text = files("forwhom.users").joinpath("attributes.yaml").read_text(encoding="utf-8")
    domains = [Domain.model_validate(entry) for entry in YAML(typ="safe").load(text)]
    return {domain.domain: domain for domain in domains}


def attribute(domain: str, value: str, *, where: str = "") -> Attribute:
    """The catalogue's attribute; raises InputError for a domain or level that it lacks."""
    if domain not in catalogue():
        hint = "List them with: forwhom users --attributes"
        raise unknown("attribute", domain, catalogue(), where=where, hint=hint)
    found = catalogue()[domain]
    level = found.level(value, where=where)
    return Attribute(
        domain=domain,
        value=value,
        sensitivity=found.sensitivity if level.statement else "low",
        statement=level.statement,
        terms=level.terms,
    )
