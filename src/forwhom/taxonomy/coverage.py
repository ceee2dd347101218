"""Which risks a running probe measures, for each class that has them, and why not where none does."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict

from forwhom.taxonomy.catalogue import Taxonomy


class Coverage(BaseModel):
    """One risk of one class. paradigm: the class's id; why: "" where a probe runs."""

    model_config = ConfigDict(frozen=True)
    id: str
    paradigm: str
    probes: tuple[str, ...]
    mitigations: tuple[str, ...]
    why: str = ""


def coverage(taxonomy: Taxonomy, running: Collection[str]) -> list[Coverage]:
    """One entry a class and risk, in their order. running: the probes that this installation has."""
    rows = []
    for paradigm in taxonomy.classes:
        for risk in taxonomy.risks.values():
            if paradigm not in risk.of:
                continue
            missing = [name for name in risk.probes if name not in running]
            why = risk.why_unmeasured or f"Not in this installation: {', '.join(missing)}."
            probes = tuple(name for name in risk.probes if name in running)
            rows.append(
                Coverage(
                    id=risk.id, paradigm=paradigm, probes=probes, mitigations=risk.mitigations,
                    why="" if probes else why,
                )
            )  # fmt: skip
    return rows


def counted(rows: Collection[Coverage]) -> str:
    """How many risks have a probe, each risk once."""
    measured = {row.id for row in rows if row.probes}
    return f"{len(measured)} of {len({row.id for row in rows})} risks have a running probe."
