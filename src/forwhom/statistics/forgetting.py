"""What is left of deleted secrets, by system and by the way in which they were deleted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace

import polars as pl
from statsmodels.stats.multitest import multipletests

from forwhom.statistics.exposure import Exposure, Residual, residual


@dataclass(frozen=True)
class Forgotten:
    """left: exposure of the secrets beyond that of never-told ones, None where it was not asked; adjusted_p:
    of nothing being left, Benjamini-Hochberg over all systems and ways that delete. places: in how many of
    `looked` stores the words were found, by place. is_control: nothing was deleted, or nothing told.
    """

    system: str
    way: str
    left: Residual | None
    adjusted_p: float | None
    places: dict[str, int]
    looked: int
    is_control: bool


def forgetting(results: pl.DataFrame, confidence: float = 0.95) -> list[Forgotten]:
    """results: the results table; only its probes of deletions count, at their last checkpoint."""
    own = results.filter(pl.col("probe").is_in(["deletion_exposure", "deletion_residue"]))
    own = own.filter(pl.col("session") == pl.col("session").max().over("system", "probe"))
    # Replicates are no further secrets.
    own = own.sort("replicate").unique(["system", "probe", "user", "item"], keep="first", maintain_order=True)
    way = pl.col("item").str.split_exact("-", 1).struct.field("field_1")
    found = []
    for (system, told), cells in own.with_columns(way=way).group_by("system", "way", maintain_order=True):
        evidence = {probe: [json.loads(one) for one in part["evidence"]]
                    for (probe,), part in cells.group_by("probe")}  # fmt: skip
        exposures = [Exposure(one["bits"], one["rank"], one["among"])
                     for one in evidence.get("deletion_exposure", ())]  # fmt: skip
        looks = [one["places"] for one in evidence.get("deletion_residue", ())]
        left = residual(exposures, confidence) if exposures else None
        places = Counter(place for look in looks for place in look.split("; ") if place)
        is_control = not bool(cells["at_risk"].any())
        p = left.p if left else None
        found.append(Forgotten(str(system), str(told), left, p, dict(places), len(looks), is_control))
    return _adjusted(found)


def _adjusted(found: list[Forgotten]) -> list[Forgotten]:
    tested = [one.adjusted_p for one in found if not one.is_control and one.adjusted_p is not None]
    adjusted = iter(multipletests(tested, method="fdr_bh")[1] if tested else ())
    return [
        one if one.is_control or one.adjusted_p is None else replace(one, adjusted_p=float(next(adjusted)))
        for one in found
    ]
