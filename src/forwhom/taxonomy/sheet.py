"""All about one entry, on one sheet: the same for the terminal and for the page.

Written to be read in half a minute: what goes wrong, for whom, how it is measured, what helps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from forwhom.taxonomy.catalogue import Taxonomy
from forwhom.taxonomy.entries import Class, Entry, Mitigation, Risk, Source, Standard

NOTATION = (
    "u: a user; q: a request; A(u,q): the answer that is written; p(x): the share of a given answer x among "
    "those given (softmax of the mean log-probability per token); [c]: 1 where c holds, else 0; mean: over "
    "the pairs of user and request that are at risk, which ground truth says without a model. A difference "
    "is of the same users and requests."
)

_ADVERSARY = {
    "user": "the user themselves",
    "another_user": "another user",
    "third_party": "a third party",
    "provider": "the provider",
    "none": "nobody; ordinary use is enough",
}
_ACCESS = {
    "text": "written answers",
    "options": "how likely given answers are",
    "weights": "the weights",
    "store": "the store of notes",
    "feedback": "the feedback it learns from",
    "routing": "which experts ran",
    "batch": "who is answered together",
    "tools": "what the agent calls",
    "image": "image input",
}


@dataclass(frozen=True)
class Line:
    """One line of a row. ref: the id of another entry, where the line is about one. is_code: a name or
    formula, to be set as it stands."""

    text: str
    ref: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Sheet:
    """rows: label and lines; a row without lines is left out."""

    id: str
    title: str
    kind: str
    body: str
    rows: tuple[tuple[str, tuple[Line, ...]], ...]


def sheet(taxonomy: Taxonomy, entry: Entry, running: Collection[str]) -> Sheet:
    """The sheet of an entry. running: the probes that this installation has."""
    if isinstance(entry, Class):
        rows = [
            ("acts at", _plain(", ".join(entry.stages))),
            ("risks", _titled(taxonomy.risks_of(entry.id))),
            ("sources", _cited(taxonomy, entry.sources)),
        ]
        kind = "class" if entry.kind == "agnostic" else entry.kind
        return _sheet(entry.id, entry.title, kind, entry.definition, rows)
    if isinstance(entry, Risk):
        return _sheet(entry.id, entry.title, "risk", entry.definition, _of_risk(taxonomy, entry, running))
    if isinstance(entry, Mitigation):
        rows = [
            ("built in at", _plain(entry.stage)),
            ("in forwhom", tuple(Line(name, is_code=True) for name in entry.layers)),
            ("reduces", _titled(taxonomy.risks_of(entry.id))),
            ("sources", _cited(taxonomy, entry.sources)),
        ]
        return _sheet(entry.id, entry.title, "mitigation", entry.definition, rows)
    if isinstance(entry, Source):
        rows = [("by", _plain(f"{entry.authors}, {entry.year}")), ("at", _plain(entry.url))]
        rows.append(("cited by", _titled(_citing(taxonomy, entry.id))))
        return _sheet(entry.id, entry.title, "source", "", rows)
    rows = [
        ("fits", _titled(taxonomy.risks_of(entry.id))),
        ("source", _cited(taxonomy, (entry.source,))),
    ]
    return _sheet(entry.id, entry.title, f"entry of {entry.framework}", "", rows)


def _of_risk(taxonomy: Taxonomy, risk: Risk, running: Collection[str]) -> list[tuple[str, tuple[Line, ...]]]:
    probes = tuple(Line(name, is_code=True) if name in running else Line(f"{name} (not in this installation)")
                   for name in risk.probes) or _plain(f"none. {risk.why_unmeasured}")  # fmt: skip
    standards = [taxonomy.standards[name] for name in risk.crosswalk]
    fits = tuple(Line(f"{one.title} ({one.framework})", one.id) for one in standards)
    helps = [taxonomy.mitigations[name] for name in risk.mitigations]
    return [
        ("worse for", _plain(risk.worse_for)),
        ("caused by", _plain(_ADVERSARY[risk.adversary])),
        ("arises at", _plain(risk.stage)),
        ("risk of", _titled([taxonomy.classes[name] for name in risk.of])),
        ("metric", _plain(risk.metric)),
        ("formula", (Line(risk.formula, is_code=True),)),
        ("probe", probes),
        ("test needs", _plain("; ".join(_ACCESS[name] for name in risk.access))),
        ("what helps", tuple(Line(f"{one.stage}: {_first_sentence(one)}", one.id) for one in helps)),
        ("frameworks", fits or _plain("no entry of those known here fits")),
        ("sources", _cited(taxonomy, risk.sources)),
    ]


def _citing(taxonomy: Taxonomy, source: str) -> list[Class | Risk | Mitigation]:
    entries: list[Class | Risk | Mitigation] = [*taxonomy.classes.values(), *taxonomy.risks.values()]
    entries += taxonomy.mitigations.values()
    return [entry for entry in entries if source in entry.sources]


def _sheet(
    name: str, title: str, kind: str, body: str, rows: Sequence[tuple[str, tuple[Line, ...]]]
) -> Sheet:
    return Sheet(name, title, kind, body, tuple(row for row in rows if row[1]))


def _first_sentence(mitigation: Mitigation) -> str:
    return mitigation.definition.partition(". ")[0].removesuffix(".") + "."


def _plain(text: str) -> tuple[Line, ...]:
    return (Line(text),)


def _titled(entries: Sequence[Class | Risk | Mitigation | Standard]) -> tuple[Line, ...]:
    return tuple(Line(entry.title, entry.id) for entry in entries)


def _cited(taxonomy: Taxonomy, sources: Sequence[str]) -> tuple[Line, ...]:
    return tuple(Line(taxonomy.sources[name].cited, name) for name in sources)
