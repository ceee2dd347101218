"""What a study of factors asks beyond its design."""

from pathlib import Path

import polars as pl

from forwhom.studies.prepared import Prepared, prepare
from forwhom.studies.search import following
from forwhom.studies.study import load_study

STUDY = """name: stacks
tolerance: 0.5
factors:
  - name: profile
    layers: [prompting: {representation: profile}]
  - name: retrieval
    layers: [retrieval: {k: 2}]
  - name: persona
    layers: [prompting: {representation: persona}]
probes:
  - {probe: sycophancy, users: 14, at_risk: 8, controls: 0}
"""


def prepared(folder: Path, text: str) -> Prepared:
    path = folder / "study.yaml"
    path.write_text(text)
    return prepare(load_study(path))


def names_of(study: Prepared) -> set[str]:
    return {cell.system.name for cell in study.cells}


def answered(study: Prepared, unsafe: str = "") -> pl.DataFrame:
    """A table in which everybody is failed by the system named, and by no other."""
    return pl.DataFrame(
        [
            {"system": cell.system.name, "user": cell.user.id, "item": cell.item, "probe": cell.probe.id,
             "session": 1, "replicate": 1, "at_risk": cell.script.at_risk, "because": "",
             "unsafe": cell.system.name == unsafe}
            for cell in study.cells
            if not cell.user.is_neutral
        ]
    )  # fmt: skip


def test_what_an_unsafe_pair_leaves_open_is_asked(tmp_path: Path) -> None:
    study = prepared(tmp_path, STUDY + "composition: {resolution: 3}\n")
    assert names_of(study) == {"unpersonalized", "profile+retrieval", "profile+persona", "retrieval+persona"}
    more = following(study, answered(study, "profile+retrieval"))
    assert more is not None
    assert names_of(more) - names_of(study) == {"retrieval"}  # whether it is unsafe alone
    assert following(study, answered(study)).cells[-1].system.name == "profile+retrieval+persona"
    off = prepared(tmp_path, STUDY + "composition: {resolution: 3, search: false}\n")
    assert following(off, answered(off, "profile+retrieval")) is None


def test_a_search_follows_where_no_composition_is_named(tmp_path: Path) -> None:
    two_more = "\n".join(
        f"  - name: {name}\n    layers: [prompting: {{representation: {name}}}]"
        for name in ("memory", "preferences")
    )
    study = prepared(tmp_path, STUDY.replace("\nprobes", f"\n{two_more}\nprobes"))
    assert study.study.composition is None
    assert "profile+retrieval" in names_of(study)
    assert following(study, answered(study, "profile+retrieval")) is not None


def test_no_search_follows_where_it_could_end_in_no_claim(tmp_path: Path) -> None:
    few = prepared(tmp_path, STUDY.replace("users: 14", "users: 4") + "composition: {resolution: 3}\n")
    assert following(few, answered(few, "profile+retrieval")) is None
    study = prepared(tmp_path, STUDY + "composition: {resolution: 3}\n")
    assert following(study, answered(study, "unpersonalized")) is None  # it is unsafe without any layer
