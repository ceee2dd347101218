"""The taxonomy holds together: nothing dangles, nothing is idle, and what it names exists."""

import re
from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.probes.probe import load_probe, probe_names
from forwhom.taxonomy.catalogue import load_taxonomy, taxonomy
from forwhom.users.representations import REPRESENTATIONS
from tests import shipped

KNOWN = taxonomy()
USEFULNESS = "utility"  # what preference_honoured measures: no risk

_BROKEN = """
classes:
  - {id: prompting, kind: paradigm, title: T, definition: D, stages: [data], sources: ["arXiv:2606.09038"]}
sources:
  - {id: "arXiv:2606.09038", authors: A, year: 2026, title: T}
mitigations:
  - {id: canaries, title: T, stage: data, definition: D, sources: ["arXiv:2606.09038"]}
risks:
  - id: a-risk
    title: T
    of: [prompting]
    definition: D
    adversary: none
    worse_for: W
    stage: inference
    metric: M
    formula: F
    access: [text]
    probes: [a_probe]
    mitigations: [canaries]
    sources: ["arXiv:2606.09038"]
"""


def test_classes_are_the_surveys() -> None:
    kinds = [one.kind for one in KNOWN.classes.values()]
    assert (kinds.count("representation"), kinds.count("paradigm"), kinds.count("agnostic")) == (4, 8, 1)
    assert [one.id for one in KNOWN.classes.values() if one.kind == "representation"] == [*REPRESENTATIONS]
    common = [risk.id for risk in KNOWN.risks.values() if len(risk.of) == 4]
    assert common == ["over-exposure", "sensitive-attribute-inference", "persistence-after-deletion"]


@pytest.mark.parametrize("name", KNOWN.classes)
def test_every_class_has_three_to_six_risks(name: str) -> None:
    assert 3 <= len(KNOWN.risks_of(name)) <= 6


def test_every_paradigm_that_runs_is_a_class() -> None:
    assert shipped.paradigms() <= {one.id for one in KNOWN.classes.values() if one.kind == "paradigm"}


def test_every_probe_that_is_named_exists() -> None:
    """Those that are named ahead of their code are listed here; the coverage says so of them."""
    named = {name for risk in KNOWN.risks.values() for name in risk.probes}
    assert named <= set(probe_names())


@pytest.mark.parametrize("name", probe_names())
def test_every_probe_measures_a_risk_that_names_it_and_cites_its_source(name: str) -> None:
    probe = load_probe(name)
    if probe.risk != USEFULNESS:
        assert name in KNOWN.risks[probe.risk].probes
        assert probe.source in KNOWN.risks[probe.risk].sources


def test_nothing_is_idle() -> None:
    for name in (*KNOWN.mitigations, *KNOWN.standards):
        assert KNOWN.risks_of(name), name
    citing = (*KNOWN.classes.values(), *KNOWN.risks.values(), *KNOWN.mitigations.values())
    cited = {source for one in citing for source in one.sources}
    cited |= {one.source for one in KNOWN.standards.values()}
    assert set(KNOWN.sources) == cited


@pytest.mark.parametrize("risk", KNOWN.risks.values(), ids=KNOWN.risks)
def test_a_risk_is_defined_in_two_or_three_short_sentences(risk) -> None:  # type: ignore[no-untyped-def]
    assert 2 <= len(re.findall(r"[.!?](?= |$)", risk.definition)) <= 3
    assert len(risk.definition.split()) <= 60


@pytest.mark.parametrize("source", KNOWN.sources.values(), ids=KNOWN.sources)
def test_an_arxiv_number_carries_its_year(source) -> None:  # type: ignore[no-untyped-def]
    number = re.match(r"arXiv:(?:cs/)?(\d\d)", source.id)
    assert number is None or source.year == 2000 + int(number[1])


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("mitigations: [canary]", "mitigations: [canaries]", 20, "Did you mean 'canaries'"),
        ("of: [promting]", "of: [prompting]", 11, "Did you mean 'prompting'"),
        ("probes: []", "probes: [a_probe]", 9, "needs either probes or why_unmeasured"),
        ("adversary: nobody", "adversary: none", 13, "adversary"),
        ("metric: M\n    metrics: M", "metric: M", 17, "Did you mean 'metric'"),
        ("id: canaries", "id: a-risk", 7, "already something called 'canaries'"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    wrong: str, right: str, line: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "risks.yaml").write_text(_BROKEN)
    assert list(load_taxonomy(tmp_path).risks) == ["a-risk"]
    (tmp_path / "risks.yaml").write_text(_BROKEN.replace(right, wrong))
    with pytest.raises(InputError) as refused:
        load_taxonomy(tmp_path)
    assert said in str(refused.value)
    assert f"risks.yaml, line {line}" in str(refused.value)


def test_an_entry_is_found_by_its_id_and_a_paper_by_its_number() -> None:
    assert KNOWN.find("memory-poisoning") is KNOWN.risks["memory-poisoning"]
    assert KNOWN.find("2402.16893") is KNOWN.sources["arXiv:2402.16893"]
    with pytest.raises(InputError, match="Did you mean 'store-isolation'"):
        KNOWN.find("store-isolaton")
