"""Load the taxonomy and look things up in it; every id that is referred to exists, or loading says where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from forwhom.errors import InputError, unknown
from forwhom.taxonomy.entries import Class, Entry, Mitigation, Risk, Source, Standard
from forwhom.validated import line_of, read_yaml, validate

_HINT = "List them with: forwhom taxonomy"


class Part(BaseModel):
    """One file: any number of entries of any kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    classes: tuple[Class, ...] = ()
    risks: tuple[Risk, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()
    sources: tuple[Source, ...] = ()
    standards: tuple[Standard, ...] = ()


_SECTIONS = tuple(Part.model_fields)
_REFERENCES = (
    ("classes", "sources", "sources"),
    ("risks", "of", "classes"),
    ("risks", "mitigations", "mitigations"),
    ("risks", "sources", "sources"),
    ("risks", "crosswalk", "standards"),
    ("mitigations", "sources", "sources"),
    ("standards", "source", "sources"),
)
"""(section, field, the section that its ids are in)."""


@dataclass(frozen=True)
class Taxonomy:
    """Everything by id; risks in the order of their classes. An id is unique over all kinds."""

    classes: Mapping[str, Class]
    risks: Mapping[str, Risk]
    mitigations: Mapping[str, Mitigation]
    sources: Mapping[str, Source]
    standards: Mapping[str, Standard]

    def find(self, name: str) -> Entry:
        """The entry called `name` (an arXiv number may stand alone); raises InputError with the nearest."""
        for section in _SECTIONS:
            held: Mapping[str, Entry] = getattr(self, section)
            for key in (name, f"arXiv:{name}"):
                if key in held:
                    return held[key]
        # Of sources none is suggested: the number nearest to a wrong one is another paper.
        known = [*self.classes, *self.risks, *self.mitigations]
        raise unknown("class, risk, mitigation, source or standard", name, known, hint=_HINT)

    def risks_of(self, name: str) -> list[Risk]:
        """The risks that refer to `name`: of a class, reduced by a mitigation, or citing a source."""
        return [
            risk for risk in self.risks.values()
            if name in (risk.id, *risk.of, *risk.mitigations, *risk.sources, *risk.crosswalk)
        ]  # fmt: skip


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The taxonomy that comes with forwhom."""
    return load_taxonomy(Path(str(files("forwhom.taxonomy"))))


def load_taxonomy(folder: Path) -> Taxonomy:
    """All YAML files of `folder` as one; raises InputError with the file and line of what is wrong."""
    documents = [(path, read_yaml(path)) for path in sorted(folder.glob("*.yaml"))]
    parts = [validate(document, Part, path) for path, document in documents]
    found: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    ids: set[str] = set()
    for (path, document), part in zip(documents, parts, strict=True):
        for section, place, entry in _entries(part):
            if entry.id in ids:
                where = f"{path}, line {line_of(document, (section, place, 'id'))}"
                raise InputError(f"{where}: there is already something called '{entry.id}'.")
            ids.add(entry.id)
            found[section][entry.id] = entry
    for (path, document), part in zip(documents, parts, strict=True):
        _refuse_dangling(path, document, part, found)
    order = list(found["classes"])
    found["risks"] = dict(sorted(found["risks"].items(), key=lambda one: order.index(one[1].of[0])))
    return Taxonomy(**found)


def _entries(part: Part) -> Iterator[tuple[str, int, Entry]]:
    for section in _SECTIONS:
        for place, entry in enumerate(getattr(part, section)):
            yield section, place, entry


def _refuse_dangling(path: Path, document: Any, part: Part, found: Mapping[str, Mapping[str, Any]]) -> None:
    for section, place, entry in _entries(part):
        for _, field, target in (one for one in _REFERENCES if one[0] == section):
            for at, name in enumerate(_listed(getattr(entry, field))):
                if name not in found[target]:
                    where = f"{path}, line {line_of(document, (section, place, field, at))}"
                    kind = f"id in '{target}' (referred to by '{entry.id}')"
                    raise unknown(kind, name, found[target], where=where)


def _listed(value: str | Iterable[str]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value
