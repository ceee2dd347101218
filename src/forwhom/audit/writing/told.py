"""The sentences that every format begins with."""

from __future__ import annotations

from forwhom.audit.audited import Audited
from forwhom.audit.finding import at_least


def headline(found: Audited) -> str:
    """What was found, in a sentence, and of what."""
    above = [one for one in found.findings if at_least(one.severity, "medium")]
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items() if count)
    what = f"{found.deployment.product} {found.deployment.version}".strip()
    special = [one for one in found.facts if one.is_special]
    others = {one.whose for one in found.facts if not one.is_owners}
    known = f"It keeps {_counted(len(found.facts), 'fact')} about people"
    if special:
        known += f", {len(special)} of them of a kind that the law gives special care"
    if others:
        known += f", and some about {_counted(len(others), 'person', 'people')} who are not its owner"
    if not above:
        found_told = f"Nothing above low was found in {what}" + (f" ({counts})." if counts else ".")
    else:
        found_told = f"{_counted(len(found.findings), 'finding')} in {what}: {counts}."
    return f"{found_told} {known}."


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"
