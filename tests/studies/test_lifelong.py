"""A study of lives: its file, its cells, and what is wrong with it."""

from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.studies.plan import plan_study
from forwhom.studies.prepared import prepare
from forwhom.studies.study import load_study, suite_path

HEAD = """name: lives
users: {limit: 4}
longitudinal: {sessions: 6, checkpoints: [1, 6]}
systems:
  - name: nothing
  - name: memory
    layers: [retrieval: {k: 2}]
probes:
"""
SYCOPHANCY = "  - {probe: sycophancy, at_risk: 2, controls: 0}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def test_a_user_has_one_life_with_each_system_and_its_twin_in_which_all_is_asked(tmp_path: Path) -> None:
    probes = SYCOPHANCY + "  - {probe: narrowing, items: 3}\n"
    prepared = prepare(load_study(written(tmp_path, HEAD + probes)))
    assert [cell.system.name for cell in prepared.cells] == (
        ["nothing"] * 4 + ["memory"] * 4 + ["memory afresh"] * 4
    )
    asked = [aside for aside in prepared.cells[0].asides if aside is not None]
    assert len(asked) == 2 * (2 + 3)
    assert all(cell.known is not None and cell.known.is_neutral for cell in prepared.cells)
    assert prepared.unit == "sessions"


def test_what_needs_sessions_of_its_own_has_a_life_of_its_own_and_no_twin(tmp_path: Path) -> None:
    probes = "  - {probe: stale_memory, at_risk: 1, controls: 0, at: [2, 4]}\n"
    prepared = prepare(load_study(written(tmp_path, HEAD + probes)))
    assert {cell.system.name for cell in prepared.cells} == {"nothing", "memory"}
    assert {cell.probe.id for cell in prepared.cells} == {"stale_memory"}


def test_what_an_item_can_do_to_whom_something_happens_is_asked(tmp_path: Path) -> None:
    text = HEAD.replace("limit: 4", "limit: 16").replace("sessions: 6, checkpoints: [1, 6]", "sessions: 20")
    text += "  - {probe: contraindicated_advice, controls: 0}\n"
    cells = prepare(load_study(written(tmp_path, text))).cells
    lives = [cell for cell in cells if cell.system.name == "nothing"]
    became = 0
    for cell in lives:
        risky: dict[str, list[bool]] = {}
        for aside in cell.asides:
            if aside is not None:
                risky.setdefault(aside.script.item, []).append(aside.script.at_risk)
        became += sum(one[-1] and not one[0] for one in risky.values())
        assert all(any(one) for one in risky.values())
    assert became > 0


def test_who_speaks_for_the_users_makes_another_study(tmp_path: Path) -> None:
    spoken = HEAD.replace("[1, 6]", "[1, 6], user_model: mockllm/model")
    first, other = (prepare(load_study(written(tmp_path, t + SYCOPHANCY))) for t in (HEAD, spoken))
    assert first.fingerprint != other.fingerprint


def test_a_probe_is_placed_for_each_system_as_listed(tmp_path: Path) -> None:
    listed = "  - {{probe: memory_poisoning, systems: [{}], items: 8, at_risk: 1, controls: 0, at: [{}]}}\n"
    text = HEAD + listed.format("nothing", 2) + listed.format("memory", 4)
    for cell in prepare(load_study(written(tmp_path, text))).cells:
        asked = [aside for aside in cell.asides if aside is not None]
        assert asked[-1].planted == ((2,) if cell.system.name == "nothing" else (4,))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("- name: nothing\n", "- name: memory afresh\n", "which is taken"),
        ("name: memory\n", f"name: {'m' * 195}\n", "longer than 200 letters"),
        ("controls: 0}", "controls: 0, at: [2]}", "it only asks"),
    ],
)
def test_what_cannot_be_made_into_lives_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (HEAD + SYCOPHANCY).replace(old, new)
    with pytest.raises(InputError, match=said):
        prepare(load_study(written(tmp_path, text)))


def test_what_cannot_be_asked_again_is_left_out_with_the_reason(tmp_path: Path) -> None:
    text = HEAD + SYCOPHANCY + "  - {probe: profile_injection, at_risk: 1, controls: 0}\n"
    skipped = prepare(load_study(written(tmp_path, text))).skipped
    assert {one["probe"] for one in skipped} == {"profile_injection"}
    assert all("cannot be asked again and again" in one["why"] for one in skipped)


def test_the_key_of_a_life_hangs_on_all_that_happens_in_it(tmp_path: Path) -> None:
    def keys(text: str) -> list[str]:
        return [cell.key for cell in prepare(load_study(written(tmp_path, text))).cells]

    first = keys(HEAD + SYCOPHANCY)
    assert first == keys(HEAD + SYCOPHANCY)
    changed = [
        HEAD.replace("[1, 6]", "[2, 6]"), HEAD.replace("name: lives", "name: lives\nseed: 2"),
        HEAD.replace("[1, 6]", "[1, 6], life: {ratings: 3}"),
    ]  # fmt: skip
    for text in changed:
        assert not set(first[:4]) & set(keys(text + SYCOPHANCY)), text


def test_the_plan_counts_what_is_asked_and_what_is_learned(tmp_path: Path) -> None:
    text = HEAD.replace("retrieval: {k: 2}", "reinforcement: {every: 2}") + SYCOPHANCY
    planned = plan_study(prepare(load_study(written(tmp_path, text))))
    assert {(row.system, row.cells) for row in planned.rows} == {
        ("nothing", 16), ("memory", 16), ("memory afresh", 16)
    }  # fmt: skip
    # Learned after sessions 2, 4 and 6 of each of four users; the twin, of the last session only.
    assert planned.fits == 12 + 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[1, 6]", "[1, 7]", "7 is none of the sessions 1 to 6"),
        ("[1, 6]", "[6, 1]", "list each once, in their order"),
        ("sessions: 6,", "sessions: 1,", "longitudinal.sessions"),
        ("[1, 6]", "[1, 6], life: {tempers: [kind]}", "longitudinal.life.tempers"),
        ("- name: nothing\n", "- {name: nothing, afresh_of: memory}\n", "only a study of lives writes it"),
        ("longitudinal: {sessions: 6, checkpoints: [1, 6]}\n", "", "'at' places a probe in lives"),
    ],
)
def test_a_study_file_that_cannot_be_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = HEAD + "  - {probe: stale_memory, at_risk: 1, controls: 0, at: [2, 4]}\n"
    assert old in text
    with pytest.raises(InputError) as error:
        load_study(written(tmp_path, text.replace(old, new)))
    assert said in str(error.value)
    assert "study.yaml, line" in str(error.value)


@pytest.mark.parametrize(
    ("at", "said"),
    [("[2]", "2 different sessions before the last, 6"), ("[2, 5]", ""), ("[2, 6]", "2 different sessions")],
)
def test_sessions_that_do_not_fit_into_a_life_are_told(tmp_path: Path, at: str, said: str) -> None:
    text = HEAD + f"  - {{probe: stale_memory, at_risk: 1, controls: 0, at: {at}}}\n"
    study = load_study(written(tmp_path, text))
    if said:
        with pytest.raises(InputError, match=said):
            prepare(study)
    else:
        assert prepare(study).cells


def test_a_probe_of_lives_is_left_out_by_name_elsewhere(tmp_path: Path) -> None:
    probes = "probes:\n  - probe: sycophancy\n  - probe: preference_shift\n"
    text = f"name: a\nsystems:\n  - name: nothing\n{probes}"
    (skipped,) = prepare(load_study(written(tmp_path, text))).skipped
    assert skipped["probe"] == "preference_shift"
    assert "'longitudinal'" in skipped["why"]


@pytest.mark.parametrize("suite", ["longitudinal", "memory"])
def test_the_suites_of_lives_can_be_prepared(suite: str) -> None:
    assert prepare(load_study(suite_path(suite))).cells
