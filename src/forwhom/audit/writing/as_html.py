"""The HTML page: one file, no network, no script; every text of the deployment is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from forwhom.audit.audited import Audited
from forwhom.audit.check import all_checks
from forwhom.audit.finding import QUESTIONS, SEVERITIES, AuditFinding, Severity, at_least
from forwhom.audit.knowledge.inventory import inventory
from forwhom.audit.reach.paths import paths
from forwhom.audit.reach.picture import picture
from forwhom.audit.writing.as_json import day
from forwhom.audit.writing.told import found_in, kept_of
from forwhom.reports.wording import printable
from forwhom.taxonomy.catalogue import taxonomy

_FIRST = 5
_OPEN = 4
"""Findings of a check that are shown without being unfolded."""


@dataclass(frozen=True)
class Group:
    """The findings of one check in one section. risk: its title in the taxonomy."""

    check: str
    about: str
    risk: str
    severity: Severity
    fix: str
    shown: list[AuditFinding]
    folded: list[AuditFinding]


def as_html(found: Audited) -> str:
    environment = Environment(
        loader=PackageLoader("forwhom.audit", "writing"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["printable"] = printable
    environment.filters["day"] = lambda seconds: day(seconds) or ""
    style = files("forwhom.reports.templates").joinpath("style.css").read_text(encoding="utf-8")
    own = files("forwhom.audit.writing").joinpath("audit.css").read_text(encoding="utf-8")
    page = environment.get_template("audit.html.j2")
    return page.render(
        style=Markup(style + own),  # noqa: S704  (our own file)
        path=found.path,
        deployment=found.deployment,
        found=found_in(found),
        kept=kept_of(found),
        first=[one for one in found.findings if at_least(one.severity, "high")][:_FIRST],
        counts=found.counts,
        notices=found.notices,
        picture=Markup(picture(found.reach)),  # noqa: S704  (it escapes what it draws)
        ways=[one.sentence for one in paths(found.reach)],
        doors=found.reach.doors,
        techniques=found.techniques,
        known=inventory(found.facts),
        sections=[(key, title, _groups(found, key)) for key, title in QUESTIONS.items()],
        suppressed=found.sorted.suppressed,
    )


def _groups(found: Audited, question: str) -> list[Group]:
    titles = {one.id: one.title for one in taxonomy().risks.values()}
    groups: dict[str, list[AuditFinding]] = {}
    for one in found.findings:
        if one.question == question:
            groups.setdefault(one.check, []).append(one)
    return [
        Group(
            name, all_checks()[name].about if name in all_checks() else own[0].claim,
            titles.get(own[0].id, f"found by {own[0].tool}"),
            max((one.severity for one in own), key=SEVERITIES.index), own[0].fix,
            own[:_OPEN], own[_OPEN:],
        )
        for name, own in groups.items()
    ]  # fmt: skip
