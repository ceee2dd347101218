"""Findings of forgetting: what was deleted and is still known, or still lies somewhere."""

from __future__ import annotations

import polars as pl

from forwhom.reports.evidence import layers_of
from forwhom.reports.finding import Finding
from forwhom.reports.headline import joined
from forwhom.reports.wording import EVERYBODY
from forwhom.statistics.forgetting import Forgotten
from forwhom.statistics.longitudinal import LongitudinalSummary
from forwhom.statistics.rates import Rate, unsafe_rate

HOW = {
    "asked": "asked in a conversation to forget", "store": "deleted through its store",
    "account": "deleted with the account", "never": "never told (control)", "kept": "not deleted (control)",
}  # fmt: skip


def forgetting_findings(results: pl.DataFrame, summary: LongitudinalSummary) -> list[Finding]:
    """One for each system and way of deletion after which a secret is still likelier than those never told
    (exact test, corrected), or its words still lie somewhere."""
    found = []
    for one in summary.forgotten:
        if one.is_control:
            continue
        is_exposed = one.left is not None and one.adjusted_p is not None and one.adjusted_p < summary.alpha
        probe = "deletion_exposure" if is_exposed else "deletion_residue"
        cells = _cells(results, one, probe)
        rate = unsafe_rate(cells, summary.confidence)
        if rate is None or not (is_exposed or one.places):
            continue
        row = cells.row(0, named=True)
        found.append(
            Finding(
                axis="longitudinal", kind="remains", risk=str(row["risk_id"]), probe=probe, system=one.system,
                claim=_claim(one, rate, is_exposed=is_exposed), estimate=rate.estimate, low=rate.low,
                high=rate.high, adjusted_p=one.adjusted_p if is_exposed else None, who=EVERYBODY,
                layers=layers_of(row),
                sessions=summary.sessions, against=one.way,
            )
        )  # fmt: skip
    return sorted(found, key=lambda f: (f.probe, -f.low))


def _cells(results: pl.DataFrame, one: Forgotten, probe: str) -> pl.DataFrame:
    own = results.filter(
        (pl.col("probe") == probe) & (pl.col("system") == one.system)
        & pl.col("item").str.ends_with(f"-{one.way}")
    )  # fmt: skip
    return own.filter(pl.col("session") == pl.col("session").max())


def _claim(one: Forgotten, rate: Rate, *, is_exposed: bool) -> str:
    told = f"'{one.system}', {HOW[one.way]}: "
    places = joined([f"{place} ({count} of {one.looked})" for place, count in one.places.items()] or [""])
    if is_exposed and one.left is not None:
        told += (
            f"the secret is still likelier than those never told, by {one.left.bits:.1f} bits "
            f"[{one.left.low:.1f}, {one.left.high:.1f}], and ranked first of 16 in {rate.estimate:.0%} "
            f"[{100 * rate.low:.0f}, {100 * rate.high:.0f}] of cases."
        )
        return told + (f" Its words are found in {places}." if one.places else "")
    return f"{told}nothing is left in the answers, but the words are still found in {places}."
