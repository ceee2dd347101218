"""What is shown of the taxonomy is complete, and says honestly what is not measured."""

from pathlib import Path

import pytest

from forwhom.probes.probe import probe_names
from forwhom.taxonomy.catalogue import taxonomy
from forwhom.taxonomy.coverage import counted, coverage
from forwhom.taxonomy.page import entry_markdown, page
from forwhom.taxonomy.sheet import sheet

KNOWN = taxonomy()
NAMED = {name for risk in KNOWN.risks.values() for name in risk.probes}
DOCS = Path(__file__).parents[2] / "docs"


def test_coverage_has_one_entry_for_each_risk_of_each_class() -> None:
    rows = coverage(KNOWN, NAMED)
    assert sorted((row.paradigm, row.id) for row in rows) == sorted(
        (name, risk.id) for risk in KNOWN.risks.values() for name in risk.of
    )


def test_a_risk_counts_as_covered_only_while_its_probe_runs() -> None:
    without = coverage(KNOWN, NAMED - {"over_exposure", "store_growth"})
    uncovered = [row for row in without if row.id == "over-exposure"]
    assert [row.probes for row in uncovered] == [()] * 4
    assert all("over_exposure" in row.why for row in uncovered)
    assert all(bool(row.probes) != bool(row.why) for row in without)
    assert counted(coverage(KNOWN, ())).startswith(f"0 of {len(KNOWN.risks)} ")


def test_with_every_probe_only_what_says_so_is_unmeasured() -> None:
    unmeasured = {row.id: row.why for row in coverage(KNOWN, NAMED) if not row.probes}
    assert unmeasured == {r.id: r.why_unmeasured for r in KNOWN.risks.values() if r.why_unmeasured}


@pytest.mark.parametrize("risk", KNOWN.risks.values(), ids=KNOWN.risks)
def test_a_risks_sheet_tells_for_whom_how_measured_and_what_helps(risk) -> None:  # type: ignore[no-untyped-def]
    rows = dict(sheet(KNOWN, risk, NAMED).rows)
    assert rows["worse for"][0].text == risk.worse_for
    assert rows["formula"][0].text == risk.formula
    assert [line.ref for line in rows["what helps"]] == list(risk.mitigations)
    assert [line.ref for line in rows["sources"]] == list(risk.sources)
    if risk.why_unmeasured:
        assert risk.why_unmeasured in rows["probe"][0].text


def test_every_kind_of_entry_has_a_sheet_that_names_its_risks() -> None:
    for name in ("retrieval", "store-isolation", "arXiv:2402.16893", "LLM08:2025"):
        told = entry_markdown(KNOWN, KNOWN.find(name), NAMED)
        assert "cross-user-leakage" in told
        assert "](#" not in told  # alone on its page, it has nothing there to link to


def test_the_page_in_the_documents_is_current() -> None:
    assert (DOCS / "taxonomy.md").read_text(encoding="utf-8") == page(KNOWN, probe_names()), (
        "write it anew: forwhom taxonomy --format markdown > docs/taxonomy.md"
    )


def test_links_within_the_page_lead_to_a_heading() -> None:
    text = page(KNOWN, NAMED)
    headings = {line.lstrip("# ") for line in text.splitlines() if line.startswith("#")}
    targets = {part.partition(")")[0] for part in text.split("](#")[1:]}
    assert targets <= headings
