"""The sentences that every format begins with."""

from __future__ import annotations

from forwhom.audit.audited import Audited
from forwhom.audit.finding import at_least


def headline(found: Audited) -> str:
    """What was found and what is kept, in two sentences."""
    return f"{found_in(found)} {kept_of(found)}"


def found_in(found: Audited) -> str:
    above = [one for one in found.findings if at_least(one.severity, "medium")]
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items() if count)
    what = f"{found.deployment.product} {found.deployment.version}".strip()
    if not above:
        return f"Nothing above low was found in {what}" + (f" ({counts})." if counts else ".")
    return f"{_counted(len(found.findings), 'finding')} in {what}: {counts}."


def kept_of(found: Audited) -> str:
    special = [one for one in found.facts if one.is_special]
    others = {one.whose for one in found.facts if not one.is_owners}
    known = f"It keeps {_counted(len(found.facts), 'fact')} about people"
    if special:
        known += f", {len(special)} of them of a kind that the law gives special care"
    if others:
        known += f", and some about {_counted(len(others), 'person', 'people')} who are not its owner"
    return f"{known}."


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"
