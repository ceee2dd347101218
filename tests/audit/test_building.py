"""Written deployments are what they say: every label stands where it says, in real files and databases."""

from collections import Counter
from pathlib import Path

import pytest

from forwhom.errors import InputError
from tests.audit.building import Built, build, git
from tests.audit.deployment import CHECKS, SPECIAL, WORKSPACES, Place, read_deployment, written_deployments
from tests.audit.state import AGENT_DATABASE, STATE_DATABASE, open_database

EVERY = written_deployments()
NAMES = [f"{path.parent.name}/{path.stem}" for path in EVERY]


@pytest.fixture(scope="module", params=EVERY, ids=NAMES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(request.param, tmp_path_factory.mktemp("built") / "deployment")


def test_every_label_stands_where_it_says(built: Built) -> None:
    deployment = built.deployment
    places: list[Place] = [*deployment.planted, *deployment.planted_facts]
    places += [place for planted in deployment.planted for place in planted.also]
    lost = [place for place in places if not built.lines(place)]
    assert not lost


def test_a_label_of_a_fact_points_at_one_line(built: Built) -> None:
    """Else nobody could say which of them was found."""
    facts = [fact for fact in built.deployment.planted_facts if not fact.where]
    assert [fact for fact in facts if len(built.lines(fact)) != 1] == []


def test_special_facts_in_memory_are_planted_for_the_check_too(built: Built) -> None:
    checked = {
        (place.file, line)
        for planted in built.deployment.planted
        if planted.check == "special-category-fact"
        for place in (planted, *planted.also)
        for line in built.lines(place)
    }
    facts = [fact for fact in built.deployment.planted_facts if fact.category in SPECIAL and not fact.where]
    assert [f for f in facts if not checked.intersection((f.file, line) for line in built.lines(f))] == []


def test_databases_open_and_hold_what_is_said(built: Built) -> None:
    deployment = built.deployment
    if deployment.layout != "state":
        return
    with open_database(built.folder / AGENT_DATABASE) as agent:
        assert agent.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert agent.execute("PRAGMA foreign_key_check").fetchall() == []
        counts = [
            agent.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (
                "session_nodes",
                "standing_intents",
                "memory_index_chunks",
                "memory_session_tombstones",
            )
        ]
        said = agent.execute(
            "SELECT count(*) FROM transcript_events "
            "WHERE json_extract(event_json, '$.message.role') IN ('user', 'assistant')"
        ).fetchone()[0]
    keys = {session.key for session in deployment.sessions}
    lists = (keys, deployment.standing_intents, deployment.memory_index, deployment.tombstones)
    assert counts == [len(each) for each in lists]
    assert said == sum(len(session.messages) for session in deployment.sessions)
    with open_database(built.folder / STATE_DATABASE) as state:
        assert state.execute("SELECT count(*) FROM cron_jobs").fetchone()[0] == len(deployment.cron)


def test_what_is_indexed_stands_in_its_lines(built: Built) -> None:
    for chunk in built.deployment.memory_index:
        text = (built.folder / built.workspace / chunk.path).read_text(encoding="utf-8")
        assert chunk.text in "\n".join(text.split("\n")[chunk.start_line - 1 : chunk.end_line])


def test_a_history_ends_in_what_lies_on_the_disk(built: Built) -> None:
    if not built.deployment.history:
        return
    root = built.folder / built.workspace
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "--reverse", "--format=%an <%ae>").splitlines() == [
        commit.author for commit in built.deployment.history
    ]


def test_building_twice_gives_the_same(built: Built, tmp_path: Path) -> None:
    again = build(built.written, tmp_path / "again")

    def texts(folder: Path) -> dict[str, bytes]:
        files = [path for path in folder.rglob("*") if path.is_file() and ".sqlite" not in path.name]
        parts = {path: path.relative_to(folder).as_posix() for path in files}
        # Git's index holds the times of the files.
        return {part: path.read_bytes() for path, part in parts.items() if not part.endswith(".git/index")}

    assert texts(again.folder) == texts(built.folder)


@pytest.mark.parametrize(("chosen", "at_least"), [("dev", 2), ("held_out", 3), ("fresh", 3), ("unseen", 3)])
def test_every_check_is_planted_often_enough(chosen: str, at_least: int) -> None:
    planted = Counter(
        each.check for path in written_deployments(chosen) for each in read_deployment(path).planted
    )
    assert {check: planted[check] for check in CHECKS if planted[check] < at_least} == {}


def test_nothing_is_planted_in_the_clean_ones() -> None:
    clean = [read_deployment(path) for path in written_deployments("clean")]
    assert len(clean) == 5
    assert not any(each.planted for each in clean)
    assert {fact.category for each in clean for fact in each.planted_facts} <= {"preference", "other"}


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        (WORKSPACES / "clean" / "default.yaml").read_text(encoding="utf-8") + "sesions: []\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="sesions"):
        read_deployment(path)
