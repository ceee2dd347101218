"""OpenClaw's own audit: run on a copy, alone, and its findings beside ours."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from forwhom.audit.finding import AuditFinding
from forwhom.audit.openclaw_audit import merged, openclaw_audit
from forwhom.audit.reading.read import read_deployment
from forwhom.errors import InputError
from forwhom.openclaw.installation import FOLDER, installed
from tests.audit.small import found

_SAYS: dict[str, Any] = {
    "findings": [
        {"checkId": "summary.attack_surface", "severity": "info", "title": "Summary", "detail": "-"},
        {"checkId": "channels.telegram.dm.open", "severity": "critical", "title": "DMs are open",
         "detail": "STATE/openclaw.json: anybody\x1b[31m", "remediation": "Use pairing."},
        {"checkId": "channels.telegram.dm.scope_main_multiuser", "severity": "warn", "title": "Shared"},
        {"checkId": "fs.config.perms_world_readable", "severity": "critical", "title": "Readable"},
    ]
}  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Path:
    root = tmp_path / "state"
    (root / "workspace").mkdir(parents=True)
    (root / "workspace" / "USER.md").write_text("# USER.md\n\n- Prefer short answers.\n")
    (root / "workspace" / "MEMORY.md").write_text("# MEMORY.md\n\n- Ana's bicycle is green.\n")
    (root / ".env").write_text("SECRET=1")
    (root / "extensions").mkdir()
    (root / "extensions" / "evil.js").write_text("process.exit(9)")
    (root / "outside").symlink_to("/etc")
    config = {
        "channels": {"telegram": {"dmPolicy": "open", "botToken": "${BOT_TOKEN}", "allowFrom": ["1", "*"]}},
        "agents": {"defaults": {"workspace": str(root / "workspace")}},
        "env": {"NODE_OPTIONS": "--require ./evil.js"}, "x": "${NODE_OPTIONS}",
        "plugins": {"load": {"paths": ["/somewhere/evil"]}},
        "secrets": {"providers": {"a": {"source": "exec", "command": "evil"}}},
    }  # fmt: skip
    (root / "openclaw.json").write_text(json.dumps(config, indent=2))
    (root / "openclaw.json").chmod(0o640)
    return root


def _fake(tmp_path: Path, says: str, *, code: int = 0) -> Path:
    """FakeOpenClaw: tells the environment and the files that it was given, and says what it is to say."""
    script = tmp_path / "bin" / "openclaw"
    script.parent.mkdir()
    (tmp_path / "says").write_text(says)
    lines = (
        "#!/bin/sh", f'echo "$@" > {tmp_path}/arguments', f"env > {tmp_path}/environment",
        f'cp -R -P "$OPENCLAW_STATE_DIR" {tmp_path}/seen',
        f'sed "s#STATE#$OPENCLAW_STATE_DIR#" {tmp_path}/says', f"exit {code}", "",
    )  # fmt: skip
    script.write_text("\n".join(lines))
    script.chmod(0o755)
    return script


def test_it_sees_a_copy_without_code_links_and_secrets(tmp_path: Path, state: Path) -> None:
    told = openclaw_audit(read_deployment(state), _fake(tmp_path, json.dumps(_SAYS)))
    assert len(told.findings) == 3 and told.why == ""
    assert (tmp_path / "arguments").read_text() == "security audit --json\n"
    seen = tmp_path / "seen"
    assert sorted(one.name for one in seen.iterdir()) == ["openclaw.json", "workspace"]
    assert stat.S_IMODE((seen / "openclaw.json").stat().st_mode) == 0o640
    config = json.loads((seen / "openclaw.json").read_text())
    assert not {"env", "secrets"} & set(config) and config["plugins"] == {}
    assert str(state) not in json.dumps(config)
    environment = (tmp_path / "environment").read_text()
    assert "BOT_TOKEN=" in environment and "NODE_OPTIONS" not in environment
    assert (
        f"HOME={os.environ.get('HOME', '-')}\n" not in environment
        and "npm_config_offline=true" in environment
    )


def test_the_deployment_itself_is_as_it_was(tmp_path: Path, state: Path) -> None:
    before = {one: one.lstat() for one in state.rglob("*")}
    openclaw_audit(read_deployment(state), _fake(tmp_path, json.dumps(_SAYS)))
    after = {one: one.lstat() for one in state.rglob("*")}
    assert {one: told.st_mtime_ns for one, told in before.items()} == {
        one: told.st_mtime_ns for one, told in after.items()
    }


def test_its_findings_keep_their_names_and_show_the_real_folder(tmp_path: Path, state: Path) -> None:
    told = openclaw_audit(read_deployment(state), _fake(tmp_path, json.dumps(_SAYS))).findings
    opened, shared, readable = told
    assert (opened.tool, opened.check, opened.severity) == ("openclaw", "channels.telegram.dm.open", "high")
    assert (opened.file, opened.line) == ("openclaw.json", 3) and opened.fix == "Use pairing."
    assert str(state) in opened.claim and "forwhom-audit" not in opened.claim and "\x1b" not in opened.claim
    assert shared.id == "cross-user-leakage" and shared.severity == "medium" and readable.id == ""


def test_two_findings_on_one_setting_point_to_each_other(tmp_path: Path, state: Path) -> None:
    deployment = read_deployment(state)
    ours: list[AuditFinding] = [*found(deployment, "open-door"), *found(deployment, "shared-main-session")]
    both, why = merged(ours, deployment, _fake(tmp_path, json.dumps(_SAYS)))
    assert len(both) == len(ours) + 3 and why == ""
    by_check = {one.check: one for one in both}
    assert "openclaw's channels.telegram.dm.open" in by_check["open-door"].reasoning
    assert "forwhom's shared-main-session" in by_check["channels.telegram.dm.scope_main_multiuser"].reasoning
    assert (
        by_check["channels.telegram.dm.open"].related
        and not by_check["fs.config.perms_world_readable"].related
    )


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("no answer", "ended with 1"),
        (json.dumps({"error": {"message": "config is invalid"}}), "config is invalid"),
    ],
)
def test_an_audit_that_fails_says_why_and_leaves_ours_as_they_are(
    tmp_path: Path, state: Path, says: str, why: str
) -> None:
    deployment = read_deployment(state)
    ours = found(deployment, "open-door")
    both, told = merged(ours, deployment, _fake(tmp_path, says, code=1))
    assert list(both) == ours and why in told


def test_one_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwhom.audit.openclaw_audit._SECONDS", 0.5)
    script = _fake(tmp_path, "")
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nsleep 60\n")
    assert "took longer" in openclaw_audit(read_deployment(state), script).why
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_without_openclaw_nothing_is_run(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    told = openclaw_audit(read_deployment(state))
    assert told.findings == () and "not installed" in told.why


def _is_installed() -> bool:
    try:
        return bool(installed())
    except InputError:
        return False


@pytest.mark.skipif(not _is_installed(), reason="needs openclaw")
def test_the_real_one_finds_the_open_door_that_we_find(state: Path) -> None:
    config = json.loads((state / "openclaw.json").read_text())
    (state / "openclaw.json").write_text(json.dumps({"channels": config["channels"]}))
    deployment = read_deployment(state)
    both, why = merged(found(deployment, "open-door"), deployment)
    assert why == ""
    checks = {one.check for one in both if one.tool == "openclaw"}
    assert any(one.startswith("security.exposure.open_") for one in checks), checks
    assert "openclaw's security.exposure" in both[0].reasoning
