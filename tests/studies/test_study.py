"""Study files, designs, and a real small run that is stopped, resumed and reused."""

from pathlib import Path

import polars as pl
import pytest

from forwhom.errors import InputError
from forwhom.paradigms.prompting import Prompting
from forwhom.results.journal import Journal
from forwhom.studies.datasets import load_dataset
from forwhom.studies.prepared import prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import SystemSpec, build_system, dataset_study, load_study, suite_path
from forwhom.studies.tasks import probe_task
from forwhom.users.representations import render

SMALL = """
name: small
users: {limit: 4}
systems:
  - name: unpersonalized
  - name: profile
    layers: [{prompting: {representation: profile}}]
probes:
  - {probe: sycophancy, items: 6, controls: 1}
"""


LAYERED = """
name: layered
systems:
  - name: unpersonalized
  - name: profile
    model: forwhom/smollm2
    layers:
      - prompting: {representation: profile}
      - retrieval: {k: 3}
probes:
  - {probe: sycophancy, systems: [profile]}
"""


def study_file(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (SMALL.replace("controls", "contrls"), "line 9: 'probes.0.contrls' is not a setting"),
        (SMALL.replace("sycophancy", "sycofancy"), "Did you mean 'sycophancy'"),
        (SMALL.replace("prompting", "promting"), "Did you mean 'prompting'"),
        (SMALL.replace("representation", "represent"), "'represent' is not a setting"),
        (SMALL.replace("small", "a b"), "line 2: name"),
        (SMALL.replace("name: profile", "name: ../up"), "line 6: systems.1.name"),
        (SMALL.replace("name: profile", "name: 'a[/b]'"), "line 6: systems.1.name"),
        (SMALL + "  - {probe: sycophancy, systems: [profile]}\n", "listed twice for system 'profile'"),
        ("name: [", "not valid YAML"),
        ("just words", "line 1: expected settings (name: value), found a text"),
        (LAYERED.replace("- prompting", "- promting"), "line 8: 'promting' is not a known layer"),
        (LAYERED.replace("k: 3", "kk: 3"), "line 9, layer 'retrieval': 'kk' is not a setting"),
        (LAYERED.replace("[profile]", "[\n    profile,\n    profil]"), "line 13: 'profil' is not"),
        (
            SMALL.replace("name: small", "name: small\nreplicates: 3"),
            "line 3: replicates: 3 with temperature 0",
        ),
        (SMALL.replace("limit: 4", "file: a, generate: 5"), "'file' and 'generate' are both given"),
    ],
)
def test_a_wrong_study_is_named_with_its_line(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_study(study_file(tmp_path, wrong))
    assert said in str(caught.value)
    assert "study.yaml" in str(caught.value)


def test_the_same_study_gives_the_same_cells_and_systems_are_paired() -> None:
    suite = load_study(suite_path("relational"))
    study = suite.model_copy(update={"users": suite.users.model_copy(update={"limit": 12})})
    one, two = prepare(study), prepare(study)
    assert one.fingerprint == two.fingerprint
    asked = {
        system: {(c.user.id, c.item) for c in one.cells
                 if c.system.name == system and c.probe.id == "sycophancy"}
        for system in ("unpersonalized", "profile")
    }  # fmt: skip
    assert asked["unpersonalized"] == asked["profile"]
    assert prepare(study.model_copy(update={"seed": 2})).fingerprint != one.fingerprint


def test_a_run_is_resumed_from_what_a_kill_left_and_then_reused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    prepared = prepare(load_study(study_file(tmp_path, SMALL)))
    whole = run_study(prepared, tmp_path / "run", lambda done, total, what: None)
    assert whole.skipped == []
    assert whole.results.height == len(prepared.cells)
    journal = tmp_path / "run" / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:5]) + lines[5][:40])  # killed while writing the sixth
    heard: list[int] = []
    again = run_study(prepared, tmp_path / "run", lambda done, total, what: heard.append(done))
    assert heard[0] == 5
    assert again.provenance["counts"]["asked"] == len(prepared.cells) - 5
    same = ["cell", "risk", "unsafe", "answer"]
    left, right = (run.results.select(same).sort("cell") for run in (whole, again))
    assert left.drop("risk").equals(right.drop("risk"))
    gap = (left["risk"] - right["risk"]).abs().max()
    assert isinstance(gap, float)
    assert gap < 1e-3
    third = run_study(prepared, tmp_path / "run", lambda done, total, what: None)
    assert third.provenance["counts"]["asked"] == 0
    assert pl.read_parquet(tmp_path / "run" / "results.parquet").height == len(prepared.cells)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "taken" / "journal.jsonl").open()


def test_published_data_are_read_in_their_own_format(shared_data: Path) -> None:
    unsafe = load_dataset(f"u-safebench:{shared_data / 'u-safebench'}")
    assert len(unsafe.pairs) == 1018
    user = {u.id: u for u in unsafe.users}
    assert sum(unsafe.probe.at_risk(user[u], item) for u, item in unsafe.pairs) == 818
    first = [unsafe.probe.at_risk(u, u.id.removeprefix("user-")) for u in unsafe.users[:8]]
    assert first == [True, False] * 4  # the first few hold both
    persist = load_dataset(f"persistbench:{shared_data / 'persistbench'}")
    assert len(persist.pairs) == 120
    assert (persist.left_out, "judge" in persist.why) == (60, True)


def test_a_data_set_tells_the_system_of_its_users(shared_data: Path) -> None:
    study = load_study(suite_path("relational"))
    for kind, told in (("u-safebench", "statement"), ("persistbench", "memories")):
        put = dataset_study(study, f"{kind}:{shared_data / kind}", own_systems=False)
        prepared = prepare(put.model_copy(update={"users": put.users.model_copy(update={"limit": 4})}))
        (system,) = {cell.system.name: cell.system for cell in prepared.cells if cell.system.layers}.values()
        for cell in prepared.cells:
            if cell.system.name == system.name:
                shown = render(cell.user, getattr(system.layers[0], "representation"))  # noqa: B009
                facts = [m.text for m in cell.user.memories] or [cell.user.attributes[0].statement]
                assert facts[0].rstrip(".")[:40] in shown, told
        assert any(cell.script.at_risk for cell in prepared.cells)


def test_a_folder_of_another_study_is_not_written_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.open()
    journal.add("a", [{"study": "other"}])
    journal.close()
    prepared = prepare(load_study(study_file(tmp_path, SMALL)))
    with pytest.raises(InputError, match="holds the results of study 'other'"):
        run_study(prepared, tmp_path)


def test_a_model_that_cannot_be_reached_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOBODY_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("NOBODY_API_KEY", "none")
    study = load_study(study_file(tmp_path, SMALL)).model_copy(update={"model": "openai-api/nobody/x"})
    with pytest.raises(InputError, match="does not answer"):
        run_study(prepare(study), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_first_samples_of_a_probe_alone_are_of_users_at_risk_and_the_neutral_one() -> None:
    task = probe_task("sycophancy")
    first = [sample.metadata or {} for sample in task.dataset[:6]]
    assert task.name == "sycophancy"
    assert all(one["at_risk"] for one in first)
    assert [one["user"] == "neutral" for one in first] == [False, True] * 3


def test_a_broken_data_set_is_named_with_line_and_field(tmp_path: Path) -> None:
    file = tmp_path / "cross_domain.jsonl"
    file.write_text('{"query": "q", "memories": ["m"]}\n{"query": "q"}\n')
    with pytest.raises(InputError, match=r"line 2: fields 'query'"):
        load_dataset(f"persistbench:{file}")
    with pytest.raises(InputError, match="no such file"):
        load_dataset("u-safebench:nowhere")
    with pytest.raises(InputError, match="Did you mean 'persistbench'"):
        load_dataset("persistbnch:x")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"cross_domain.jsonl: is not a text in UTF-8"):
        load_dataset(f"persistbench:{file}")


def test_a_line_separator_within_a_text_ends_no_line_of_a_data_set(tmp_path: Path) -> None:
    file = tmp_path / "cross_domain.jsonl"
    entry = '{"query": "q\u2028q", "memories": ["m"], "failure_type": "cross_domain"}'
    file.write_text(f"{entry}\n{entry}\n", encoding="utf-8")
    assert len(load_dataset(f"persistbench:{file}").pairs) == 2


def test_what_is_wrong_of_a_whole_layer_is_said_without_an_empty_field() -> None:
    spec = SystemSpec(name="a", layers=({"experts": {"k": 9}},))
    with pytest.raises(InputError, match=r"^system 'a', layer 'experts': k: 9 experts"):
        build_system(spec, "forwhom/smollm2")


def test_a_raised_revision_asks_anew_and_the_first_keeps_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(study_file(tmp_path, SMALL))

    def keys() -> dict[str, set[str]]:
        cells = prepare(study).cells
        return {
            name: {cell.key for cell in cells if cell.system.name == name}
            for name in ("unpersonalized", "profile")
        }

    before = keys()
    assert keys() == before
    monkeypatch.setattr(Prompting, "revision", 2)
    assert keys()["unpersonalized"] == before["unpersonalized"]
    assert not keys()["profile"] & before["profile"]


def test_shared_users_are_the_same_few_in_every_probe(tmp_path: Path) -> None:
    text = SMALL.replace("{limit: 4}", "{shared: true}").replace(
        "items: 6, controls: 1}", "users: 3, items: 2}"
    )
    text += "  - {probe: stereotyping, users: 5, items: 2}\n"

    def asked(text: str) -> tuple[set[str], set[str]]:
        cells = prepare(load_study(study_file(tmp_path, text))).cells
        few, more = (
            {cell.user.id for cell in cells if cell.probe.id == probe}
            for probe in ("sycophancy", "stereotyping")
        )
        return few, more

    few, more = asked(text)
    assert few < more
    apart, others = asked(text.replace("{shared: true}", "{shared: false}"))
    assert len(apart - others) > 1
