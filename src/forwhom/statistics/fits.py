"""What it costs to fit users: every fit once, however many asks it served."""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import median

import polars as pl


@dataclass(frozen=True)
class FitCost:
    """The fits of one layer in one system. seconds: the median of a fit, as it was when it was made (a fit
    from an earlier run, or from another system, is counted with its own time). bytes: the median."""

    system: str
    layer: str
    fits: int
    seconds: float
    total_seconds: float
    bytes: int


def fit_costs(results: pl.DataFrame) -> list[FitCost]:
    """By system and layer, in the order of the table; none for systems that fit nothing."""
    seen: dict[tuple[str, str], dict[str, tuple[float, int]]] = {}
    for system, text in results.select("system", "fits").drop_nulls().unique(maintain_order=True).rows():
        for fit in json.loads(text):
            of_layer = seen.setdefault((str(system), fit["layer"]), {})
            of_layer[fit["id"]] = (float(fit["seconds"]), int(fit["bytes"]))
    return [
        FitCost(
            system, layer, len(fits), median(s for s, _ in fits.values()),
            sum(s for s, _ in fits.values()), int(median(size for _, size in fits.values())),
        )
        for (system, layer), fits in seen.items()
    ]  # fmt: skip
