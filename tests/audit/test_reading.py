"""What an audit reads is untrusted: no link is followed, nothing is run or written, and all is bounded."""

import hashlib
import io
import os
import sqlite3
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from forwhom.audit.reading.config import read_config
from forwhom.audit.reading.read import read_deployment
from forwhom.errors import InputError
from tests.audit.building import build
from tests.audit.deployment import WORKSPACES

NURSE = WORKSPACES / "dev" / "nurse.yaml"


def _workspace(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "SOUL.md").write_text("# SOUL.md\n\n- Private things stay private.\n")
    (folder / "MEMORY.md").write_text("# MEMORY.md\n\n- Ana likes tea.\n")
    return folder


def _state_of(folder: Path) -> dict[str, tuple[str, float]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_the_original_is_the_same_byte_for_byte_and_no_file_is_added(tmp_path: Path) -> None:
    build(NURSE, tmp_path)
    before = _state_of(tmp_path)
    read_deployment(tmp_path)
    assert _state_of(tmp_path) == before


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("- The secret of somebody else\n")
    workspace = _workspace(tmp_path / "ws")
    (workspace / "USER.md").symlink_to(outside)
    (workspace / "memory").symlink_to(tmp_path, target_is_directory=True)
    found = read_deployment(workspace)
    assert "USER.md" not in {text.file for text in found.texts}
    assert not any("somebody else" in line for text in found.texts for line in text.lines)
    assert {"USER.md: is a link", "memory: is a link"} <= set(found.skipped)


def test_a_link_among_the_folders_above_a_file_is_not_followed_either(tmp_path: Path) -> None:
    build(NURSE, tmp_path / "other")
    state = tmp_path / "state"
    (state / "agents").mkdir(parents=True)
    (state / "agents" / "main").symlink_to(tmp_path / "other" / "agents" / "main")
    (state / "openclaw.json").write_text("{}")
    found = read_deployment(state)
    assert found.messages == ()
    assert any(told.startswith("agents/main") for told in found.skipped)


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path / "ws")
    os.mkfifo(workspace / "USER.md")
    assert {text.kind for text in read_deployment(workspace).texts} == {"persona", "memory"}


def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path / "ws")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        named = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
        subprocess.run(["git", *named, *command], cwd=workspace, check=True, capture_output=True)
    trap = tmp_path / "ran"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    with (workspace / ".git" / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {script}\n\tsshCommand = {script}\n[diff]\n\texternal = {script}\n"
        )
    found = read_deployment(workspace)
    assert len(found.history) == 2
    assert found.history[0].author.startswith("Ana")
    assert not trap.exists()


def test_an_archive_that_unpacks_to_gigabytes_is_read_up_to_a_bound(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path / "ws")
    with tarfile.open(workspace / "backup.tar.gz", "w:gz", compresslevel=1) as tar:
        told = b"# MEMORY.md\n- An earlier note\n"
        member = tarfile.TarInfo("memory/2026-01-01.md")
        member.size = len(told)
        tar.addfile(member, io.BytesIO(told))
        large = tarfile.TarInfo("memory/2026-01-02.md")
        large.size = 80_000_000
        tar.addfile(large, io.BytesIO(bytes(large.size)))
    with zipfile.ZipFile(workspace / "old.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../SOUL.md", "# SOUL.md\n- Be kind.\n")
        archive.writestr("MEMORY.md", bytes(5_000_000))
    found = read_deployment(workspace)
    kept = {version.file for version in found.history}
    assert "backup.tar.gz!memory/2026-01-01.md" in kept
    assert not any("2026-01-02" in name or name.endswith("!MEMORY.md") for name in kept)
    assert any(told.startswith("backup.tar.gz: is larger than") for told in found.skipped)
    assert not (tmp_path.parent / "SOUL.md").exists()
    assert len(found.copies) == 2


def test_a_file_that_is_too_large_or_no_text_hides_nothing_else(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path / "ws")
    (workspace / "memory").mkdir()
    (workspace / "memory" / "2026-01-01.md").write_bytes(b"x" * 3_000_000)
    (workspace / "memory" / "2026-01-02.md").write_bytes(b"- caf\xe9 at noon\n")
    found = read_deployment(workspace)
    assert "memory/2026-01-02.md" in {text.file for text in found.texts}
    assert any("2026-01-01.md: is larger than" in told for told in found.skipped)


def test_a_broken_database_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    build(NURSE, tmp_path)
    (tmp_path / "agents" / "main" / "agent" / "openclaw-agent.sqlite").write_bytes(
        b"SQLite format 3\0" + b"x" * 500
    )
    found = read_deployment(tmp_path)
    assert found.messages == ()
    assert any("openclaw-agent.sqlite" in told for told in found.skipped)
    assert found.jobs


def test_a_virtual_table_of_a_foreign_database_is_not_read(tmp_path: Path) -> None:
    build(NURSE, tmp_path)
    path = tmp_path / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE IF EXISTS standing_intents_fts")
        database.execute("DROP TABLE standing_intents")
        database.execute("CREATE VIRTUAL TABLE standing_intents USING fts5(id, description)")
    assert read_deployment(tmp_path).intents == ()


def test_settings_have_the_line_on_which_they_stand() -> None:
    told = read_config(
        "// mine\n{\n  session: {\n    dmScope: 'main', // everybody\n  },\n}\n", "openclaw.json"
    )
    assert told.get("session", "dmScope") == "main"
    assert told.place("session", "dmScope").line == 4
    assert told.place("session", "groupScope").line == 3, "of the nearest setting that it would lie in"


@pytest.mark.parametrize("text", ["{a: 1", "[1, 2]", '{"a": 1 "b": 2}', "{" * 5000])
def test_a_configuration_that_is_none_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "openclaw.json").write_text(text)
    with pytest.raises(InputError, match=r"openclaw\.json"):
        read_deployment(tmp_path)


@pytest.mark.parametrize(("name", "product"), [("clawdbot.json", "Clawdbot"), ("moltbot.json", "Moltbot")])
def test_older_names_are_read_and_said(tmp_path: Path, name: str, product: str) -> None:
    (tmp_path / name).write_text("{agent: {workspace: 'ws'}}")
    _workspace(tmp_path / "ws")
    found = read_deployment(tmp_path)
    assert found.product == product
    assert product in found.notices[0]
    assert {text.file for text in found.texts} == {"ws/SOUL.md", "ws/MEMORY.md"}


def test_a_newer_version_is_said(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text('{meta: {lastTouchedVersion: "2027.1.0"}}')
    _workspace(tmp_path / "workspace")
    assert "newer" in read_deployment(tmp_path).notices[0]


def test_what_is_no_deployment_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / ".openclaw").mkdir()
    with pytest.raises(InputError, match=r"Did you mean .*\.openclaw"):
        read_deployment(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        read_deployment(tmp_path / "missing")
