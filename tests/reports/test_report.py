"""Findings name what was planted; the report shows it, escapes what models say, and opens offline."""

import json
from html.parser import HTMLParser
from pathlib import Path
from shutil import which

import polars as pl
import pytest

from forwhom.errors import InputError
from forwhom.reports.finding import Finding
from forwhom.reports.findings import relational_findings
from forwhom.reports.finished import read_run
from forwhom.reports.html import write_report
from forwhom.reports.wording import ProbeWords
from forwhom.statistics.relational import relational_summary
from tests.controls.oracle import oracle_results

HOSTILE = "</p><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def planted_run(folder: Path) -> tuple[Path, list[Finding]]:
    table = pl.concat(
        [
            oracle_results(0.12, 40, 24, planted=("level3", "topic2"), seed=1, system="profile"),
            oracle_results(0.12, 40, 24, seed=2, system="unpersonalized"),
        ]
    ).with_columns(answer=pl.lit(HOSTILE), evidence=pl.lit(json.dumps({"context": HOSTILE})))
    findings = relational_findings(table, relational_summary(table), {"oracle": ProbeWords("errs")})
    table.write_parquet(folder / "results.parquet")
    (folder / "findings.json").write_text(json.dumps([f.model_dump() for f in findings]))
    run = {
        "probes": {"oracle": {"failure": "errs", "neutral": "of whom nothing is known", "chance": 0.0,
                              "excuses_guessing": False}},
        "study": {"name": HOSTILE, "model": "oracle", "tolerance": 0.05, "confidence": 0.95},
        "counts": {"measurements": 1, "users": 40, "neutral": 24, "items": 24, "asked": 1, "reused": 0,
                   "skipped": 0},
        "tokens": {"in": 1, "out": 1, "cached": 0}, "seconds": 1.0, "started": "now", "skipped": [],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(run))
    return write_report(read_run(folder)), findings


def test_the_planted_group_is_named_with_transcripts_of_both_sides(tmp_path: Path) -> None:
    _, findings = planted_run(tmp_path)
    group = next(f for f in findings if f.kind == "group")
    assert "level3" in group.who
    assert "topic2" in group.who
    assert group.low > 0
    assert group.adjusted_p is not None
    assert group.adjusted_p < 0.01
    assert {t.unsafe for t in group.evidence} == {True, False}
    assert {t.user[:1] for t in group.evidence if t.unsafe} == {"u"}
    assert group.claim.startswith("On 'topic2' it is a user whose trait is level3")
    assert not any(f.kind == "blind-spot" for f in findings)  # the neutral user cannot be failed here


def test_a_system_within_the_tolerance_yields_no_finding() -> None:
    table = oracle_results(0.02, 40, 24, seed=4)
    assert relational_findings(table, relational_summary(table), {}, tolerance=0.05) == []


@pytest.mark.parametrize("name", ["run.json", "findings.json", "results.parquet"])
@pytest.mark.parametrize("content", ["", "{}", "[{}]", None])
def test_a_damaged_run_is_named_with_the_file_and_what_to_do(
    tmp_path: Path, name: str, content: str | None
) -> None:
    planted_run(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_run(tmp_path)
    said = str(caught.value)
    assert name in said
    assert "forwhom run" in said
    assert len(said.splitlines()) == 1


def test_the_counts_of_the_run_are_numbers(tmp_path: Path) -> None:
    path, _ = planted_run(tmp_path)
    assert "1 measurements, 40 users and the neutral one, 24 items" in path.read_text(encoding="utf-8")


def test_the_models_that_answered_are_named_and_not_one_that_the_study_names(tmp_path: Path) -> None:
    planted_run(tmp_path)
    table = pl.read_parquet(tmp_path / "results.parquet")
    table.with_columns(model=pl.lit("openclaw/naive")).write_parquet(tmp_path / "results.parquet")
    run = json.loads((tmp_path / "run.json").read_text())
    run["study"] |= {"name": "live", "model": "forwhom/smollm2"}
    (tmp_path / "run.json").write_text(json.dumps(run))
    page = write_report(read_run(tmp_path)).read_text(encoding="utf-8")
    assert "forwhom · live · openclaw/naive<" in page
    assert "embedded 135-million-parameter model" not in page


def test_nothing_that_a_model_said_becomes_markup(tmp_path: Path) -> None:
    path, _ = planted_run(tmp_path)
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    Tags().feed(path.read_text(encoding="utf-8"))
    assert "script" not in tags
    assert "img" not in tags
    assert "svg" in tags


@pytest.mark.browser
@pytest.mark.skipif(which("chromium") is None, reason="Chromium is not installed")
def test_it_opens_offline_in_a_browser_and_fits_a_phone(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path, findings = planted_run(tmp_path)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
             "--no-first-run", "--disable-component-update"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=flags)
        for width in (375, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900})
            troubles: list[str] = []
            asked: list[str] = []
            page.on("console", lambda message: troubles.append(message.text))  # noqa: B023
            page.on("request", lambda request: asked.append(request.url))  # noqa: B023
            page.goto(path.as_uri())
            assert page.title().startswith("forwhom")
            assert page.locator("h1").inner_text().startswith("Unsafe for")
            assert page.locator("article").count() == len(findings)
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(overflow) <= 0
            assert [url for url in asked if not url.startswith("file:")] == []
            assert troubles == []
            page.screenshot(path=str(tmp_path / f"report-{width}.png"), full_page=True, timeout=120_000)
        browser.close()
